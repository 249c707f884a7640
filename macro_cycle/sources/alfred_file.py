"""A Parquet or CSV file in ALFRED's layout: series_id, date, value, realtime_start, realtime_end."""

import hashlib
import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SourceName
from macro_cycle.sources.base import SourceError, refuse_unknown
from macro_cycle.sources.intervals import OPEN_END, days, facts_of, is_missing, numbers
from macro_cycle.sources.schema import checked, refusal
from macro_cycle.sources.text_files import lines_of_other_width, read_text, readable

LAYOUT = ("series_id", "date", "value", "realtime_start", "realtime_end")


class AlfredFile:
    """Each row holds from realtime_start through realtime_end; an end of 9999-12-31, or none, is still current.

    A file cut from ALFRED at some day ends its current rows on that day; so rows that end on the last day that a
    series' rows know of count as current. The history of one series must lie in one file.
    """

    name: ClassVar[SourceName] = "alfred_file"
    has_vintages: ClassVar[bool] = True
    incremental: ClassVar[bool] = False

    def __init__(self, path: str | Path, catalog: Catalog) -> None:
        self._path, self._catalog = Path(path), catalog

    def available(self) -> list[str]:
        """The series of the file, by their FRED ids."""
        return sorted(self._rows["series_id"].unique())

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Every change that the file records; see `Source.observations`."""
        wanted = [self._catalog.canonical_id(name) for name in series_ids]
        refuse_unknown(wanted, self.available(), self._name)
        rows = self._rows[self._rows["series_id"].isin(wanted)]
        facts = checked(facts_of(_with_open_ends(rows), self._name), self._name)
        return facts if since is None else facts[facts["realtime_start"] >= since].reset_index(drop=True)

    def last_updated(self) -> str:
        """A hash of the file's name, size and time of change."""
        state = self._path.stat()
        return hashlib.sha256(f"{self._path}{state.st_size}{state.st_mtime_ns}".encode()).hexdigest()[:16]

    @property
    def _name(self) -> str:
        return f"the file {self._path}"

    @cached_property
    def _rows(self) -> pd.DataFrame:
        texts = _read(self._path)
        if missing := [column for column in LAYOUT if column not in texts]:
            raise SourceError(f"{self._name} lacks the column(s) {', '.join(missing)}; it needs {', '.join(LAYOUT)}")
        rows = pd.DataFrame({name: days(texts[name]) for name in ("date", "realtime_start", "realtime_end")})
        rows = rows.assign(value=numbers(texts["value"]), series_id=texts["series_id"].str.strip())
        if offences := _offences(texts, rows):
            raise SourceError(refusal(self._name, offences))
        return rows.assign(series_id=rows["series_id"].map(self._catalog.canonical_id).astype(object))


def is_alfred_layout(path: Path) -> bool:
    """Whether the file is of this layout, by its columns.

    Raises:
        SourceError: it cannot be read.
    """
    with readable(f"the file {path}"):
        return "realtime_start" in _columns(path)


def _columns(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        from pyarrow.parquet import read_schema

        return list(read_schema(path).names)
    header = read_text(path).partition("\n")[0]
    return [str(name).strip() for name in pd.read_csv(io.StringIO(header), nrows=0)] if header.strip() else []


def _read(path: Path) -> pd.DataFrame:
    """The file's cells as texts, so that a bad one can be shown as it stands."""
    with readable(f"the file {path}"):
        if path.suffix != ".parquet":
            text = read_text(path)
            if uneven := lines_of_other_width(text):
                raise SourceError(refusal(f"the file {path}", uneven))
            texts = pd.read_csv(io.StringIO(text), dtype="string", keep_default_na=False, na_values=[""])
            return texts.rename(columns=str.strip)
        from pyarrow import string
        from pyarrow.parquet import read_table

        table = read_table(path)
        return pd.DataFrame(
            {name: table[name].cast(string()).to_pandas().astype("string") for name in table.column_names}
        )


def _offences(texts: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    faults = {
        "series_id": texts["series_id"].isna(),
        "date": rows["date"].isna(),
        "value": rows["value"].isna() & ~is_missing(texts["value"]),
        "realtime_start": rows["realtime_start"].isna(),
        "realtime_end": rows["realtime_end"].isna() & ~_is_open(texts["realtime_end"]),
    }
    written = [
        (number, f"row {number + 1}: {column} {texts[column].iloc[number]}")
        for column, faulty in faults.items()
        for number in faulty.to_numpy().nonzero()[0]
    ]
    backwards = (rows["realtime_end"] < rows["realtime_start"]).to_numpy().nonzero()[0]
    written += [(number, f"row {number + 1}: realtime_end lies before realtime_start") for number in backwards]
    return [offence for _, offence in sorted(written)]


def _is_open(texts: pd.Series) -> pd.Series:
    return texts.isna() | texts.str.strip().str.slice(0, 10).isin([OPEN_END, ""])


def _with_open_ends(rows: pd.DataFrame) -> pd.DataFrame:
    ends = rows["realtime_end"]
    last = ends.fillna(pd.Timestamp.max).groupby(rows["series_id"]).transform("max")
    return rows.assign(realtime_end=ends.mask(ends == last))
