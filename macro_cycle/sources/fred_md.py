"""A folder of FRED-MD vintages, `YYYY-MM.csv` as McCracken and Ng publish them.

The vintage of a month holds what had been released by its end, so it is dated by the month's last day: no value is
taken to have been known before it was. A vintage states every cell of its columns, blank ones too, from its first
month to the month before its own: a value that the next vintage lacks was withdrawn. It says nothing of a column that
it does not have. Values are kept as published; a rebased index or a new unit is a revision of the whole column.
"""

import hashlib
import re
from collections.abc import Sequence
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
from macro_cycle.sources.vintages import Told, changes, nothing_told

NAME = re.compile(r"((?:19|20)\d{2}-(?:0[1-9]|1[0-2]))(?:-md)?\.csv")


class FredMd:
    """The vintages of a folder, or the one of a single file; other files of the folder are passed over.

    `progress` is told the number of vintages read and their total. `told` answers what facts of some series a store has
    already, among which vintages that come late or corrected must find their place.
    """

    name: ClassVar[SourceName] = "fred_md"
    has_vintages: ClassVar[bool] = True
    incremental: ClassVar[bool] = False

    def __init__(
        self, path: str | Path, catalog: Catalog, progress: Progress = no_progress, told: Told = nothing_told
    ) -> None:
        self._path, self._catalog, self._progress, self._told = Path(path), catalog, progress, told

    def available(self) -> list[str]:
        """The series of all vintages, by their FRED ids where the catalogue knows them, else by FRED-MD's names."""
        return sorted({series_id for vintage in self.vintages for series_id in vintage.columns})

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Every change from one vintage to the next, beside what was told; see `Source.observations`."""
        wanted = sorted({self._catalog.canonical_id(name) for name in series_ids})
        refuse_unknown(wanted, self.available(), f"the FRED-MD folder {self._path}")
        tables = {vintage.known_on: partial(self._read, number, wanted) for number, vintage in enumerate(self.vintages)}
        facts = checked(changes(tables, wanted, self._told(wanted)), f"the FRED-MD folder {self._path}")
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
        files = sorted(self._path.iterdir()) if self._path.is_dir() else [self._path]
        named = [(match[1], file) for file in files if (match := NAME.fullmatch(file.name))]
        if not named:
            raise SourceError(f"{self._path} holds no FRED-MD vintage; their names are YYYY-MM.csv, e.g. 2015-01.csv")
        for (month, file), (next_month, next_file) in pairwise(named):
            if month == next_month:
                raise SourceError(f"{file} and {next_file.name} are both the vintage of {month}; keep one of them")
        return [VintageFile(file, month, self._catalog) for month, file in named]

    def _read(self, number: int, wanted: list[str]) -> pd.DataFrame:
        table = self.vintages[number].read(set(wanted))
        self._progress(number + 1, len(self.vintages))
        return table
