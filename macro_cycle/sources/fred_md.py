"""A folder of FRED-MD vintages, `YYYY-MM.csv` as McCracken and Ng publish them.

The vintage of a month holds what had been released by its end, so it is dated by the month's last day: no value is
taken to have been known before it was. A vintage states every cell of its columns, blank ones too, from its first
month to the month before its own: a value that the next vintage lacks was withdrawn. It says nothing of a column that
it does not have. Values are kept as published; a rebased index or a new unit is a revision of the whole column.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pandas as pd

from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SourceName
from macro_cycle.sources.base import Progress, SourceError, no_progress, refuse_unknown
from macro_cycle.sources.fred_md_file import VintageFile
from macro_cycle.sources.schema import checked
from macro_cycle.sources.vintages import KnownFacts, changes, nothing_known

NAME = re.compile(r"((?:19|20)\d{2}-(?:0[1-9]|1[0-2]))(?:-md)? ?(?:\(\d+\))?\.csv", re.IGNORECASE)
SHOWN = 3


class FredMd:
    """The vintages of a folder, or the one of a single file; `skipped` names the other files of the folder.

    `progress` is told the number of vintages read and their total. `known` answers what facts of some series a store
    has already, among which vintages that come late or corrected must find their place.
    """

    name: ClassVar[SourceName] = "fred_md"
    has_vintages: ClassVar[bool] = True
    incremental: ClassVar[bool] = False

    def __init__(
        self, path: str | Path, catalog: Catalog, progress: Progress = no_progress, known: KnownFacts = nothing_known
    ) -> None:
        self._path, self._catalog, self._progress, self._known = Path(path), catalog, progress, known

    def available(self) -> list[str]:
        """The series of all vintages, by their FRED ids where the catalogue knows them, else by FRED-MD's names."""
        with self._every_fault(lambda vintage: vintage.columns):
            return sorted({series_id for vintage in self.vintages for series_id in vintage.columns})

    @property
    def skipped(self) -> list[str]:
        """Files of the folder whose names are none of a vintage, hidden ones aside."""
        return [file.name for file in self._files if not NAME.fullmatch(file.name) and not file.name.startswith(".")]

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Every change from one vintage to the next, beside what was told; see `Source.observations`."""
        wanted = sorted({self._catalog.canonical_id(name) for name in series_ids})
        refuse_unknown(wanted, self.available(), f"the FRED-MD folder {self._path}")
        tables = {vintage.known_on: partial(self._read, number, wanted) for number, vintage in enumerate(self.vintages)}
        known = self._known(wanted)
        with self._every_fault(lambda vintage: vintage.read(set(wanted))):
            facts = checked(changes(tables, wanted, known), f"the FRED-MD folder {self._path}")
        return facts if since is None else facts[facts["realtime_start"] >= since].reset_index(drop=True)

    def last_updated(self) -> str:
        """A hash of the files' names, sizes and times of change."""
        states = [(v.path.name, v.path.stat().st_size, v.path.stat().st_mtime_ns) for v in self.vintages]
        return hashlib.sha256(repr(states).encode()).hexdigest()[:16]

    @cached_property
    def vintages(self) -> list[VintageFile]:
        """The vintages, oldest first.

        Raises:
            SourceError: there is none, or a month has two.
        """
        named = sorted((match[1], file) for file in self._files if (match := NAME.fullmatch(file.name)))
        if not named:
            raise SourceError(f"{self._path} holds no FRED-MD vintage; their names are YYYY-MM.csv, e.g. 2015-01.csv")
        for (month, file), (next_month, next_file) in pairwise(named):
            if month == next_month:
                raise SourceError(f"{file} and {next_file.name} are both the vintage of {month}; keep one of them")
        return [VintageFile(file, month, self._catalog) for month, file in named]

    @cached_property
    def _files(self) -> list[Path]:
        try:
            return sorted(self._path.iterdir()) if self._path.is_dir() else [self._path]
        except OSError as error:
            raise SourceError(f"the FRED-MD folder {self._path} cannot be read: {error.strerror}") from None

    @contextmanager
    def _every_fault(self, look: Callable[[VintageFile], object]) -> Iterator[None]:
        """When a vintage cannot be read, look at the others too, so that one line names all that cannot."""
        try:
            yield
        except SourceError as error:
            faults = [fault for vintage in self.vintages if (fault := _fault(look, vintage))]
            if len(faults) < 2:
                raise
            more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
            raise SourceError(
                f"{len(faults)} of {len(self.vintages)} vintages cannot be read: {'; '.join(faults[:SHOWN])}{more}"
            ) from error

    def _read(self, number: int, wanted: list[str]) -> pd.DataFrame:
        table = self.vintages[number].read(set(wanted))
        self._progress(number + 1, len(self.vintages))
        return table


def _fault(look: Callable[[VintageFile], object], vintage: VintageFile) -> str | None:
    try:
        look(vintage)
    except SourceError as error:
        return str(error)
    return None
