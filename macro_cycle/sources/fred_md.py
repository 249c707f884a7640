"""A folder of FRED-MD vintages, `YYYY-MM.csv` as McCracken and Ng publish them.

The vintage of a month holds what had been released by its end, so it is dated by the month's last day: no value is
taken to have been known before it was. A vintage states every cell of its columns, blank ones too, from its first
month to the month before its own: a value that the next vintage lacks was withdrawn. It says nothing of a column that
it does not have. Values are kept as published; a rebased index or a new unit is a revision of the whole column.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from macro_cycle.features import Catalog
from macro_cycle.features.frequencies import month_number
from macro_cycle.settings import SourceName
from macro_cycle.sources.base import Progress, SourceError, no_progress, refuse_unknown
from macro_cycle.sources.fred_md_file import VintageFile
from macro_cycle.sources.schema import checked

NAME = re.compile(r"((?:19|20)\d{2}-(?:0[1-9]|1[0-2]))(?:-md)?\.csv")
MONTHS = 12 * 2263  # one per month that a timestamp can name, counted from year 0


class FredMd:
    """The vintages of a folder, or the one of a single file; other files of the folder are passed over.

    `progress` is told the number of vintages read and their total.
    """

    name: ClassVar[SourceName] = "fred_md"

    def __init__(self, path: str | Path, catalog: Catalog, progress: Progress = no_progress) -> None:
        self._path, self._catalog, self._progress = Path(path), catalog, progress

    def available(self) -> list[str]:
        """The series of all vintages, by their FRED ids where the catalogue knows them, else by FRED-MD's names."""
        return sorted({series_id for vintage in self.vintages for series_id in vintage.columns})

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Every change from one vintage to the next; see `Source.observations`."""
        wanted = sorted({self._catalog.canonical_id(name) for name in series_ids})
        refuse_unknown(wanted, self.available(), f"the FRED-MD folder {self._path}")
        facts = checked(_changes(self._read(wanted), wanted), f"the FRED-MD folder {self._path}")
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

    def _read(self, wanted: Sequence[str]) -> Iterator[tuple[VintageFile, pd.DataFrame]]:
        for number, vintage in enumerate(self.vintages, start=1):
            yield vintage, vintage.read(set(wanted))
            self._progress(number, len(self.vintages))


def _changes(vintages: Iterable[tuple[VintageFile, pd.DataFrame]], series_ids: list[str]) -> pd.DataFrame:
    """An observations frame of the cells that a vintage states otherwise than the last one that stated them."""
    ledger = np.full((MONTHS, len(series_ids)), np.nan)
    stated = np.zeros(ledger.shape, dtype=bool)
    changes = []
    for vintage, table in vintages:
        months = pd.date_range(table.index.min(), max(table.index.max(), vintage.newest_month), freq="MS")
        cells = table.reindex(months).to_numpy()
        places = np.array([series_ids.index(series_id) for series_id in table.columns], dtype=np.int64)
        window = np.ix_(month_number(months), places)
        same = stated[window] & ((cells == ledger[window]) | (np.isnan(cells) & np.isnan(ledger[window])))
        rows, columns = (~same).nonzero()
        ledger[window], stated[window] = cells, True
        changes.append(
            pd.DataFrame(
                {
                    "series_id": table.columns.to_numpy(dtype=object)[columns],
                    "date": months[rows],
                    "value": cells[rows, columns],
                    "realtime_start": vintage.known_on,
                }
            )
        )
    return pd.concat(changes, ignore_index=True).assign(estimated=False)
