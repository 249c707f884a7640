"""One FRED-MD file: a row of names, a row of transformation codes, a row per month."""

import io
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from macro_cycle.observations import Catalog
from macro_cycle.observations.frequencies import month_number, month_start
from macro_cycle.sources.base import SourceError
from macro_cycle.sources.schema import refusal
from macro_cycle.sources.text_files import cells_of, lines_of_other_width, read_text, readable

DATES = "sasdate"
FIRST_ROW = 3  # of the months, as an editor counts the file's rows
LATEST_END = 3  # months before its own that a vintage may end


class VintageFile:
    """The vintage of `month` (`YYYY-MM`), known on that month's last day."""

    def __init__(self, path: Path, month: str, catalog: Catalog) -> None:
        self.path, self._catalog = path, catalog
        self.month = pd.Period(month, "M")
        self.known_on = self.month.to_timestamp(how="end").normalize()
        self.newest_month = (self.month - 1).to_timestamp()

    @cached_property
    def columns(self) -> dict[str, str]:
        """The file's columns by the series they hold.

        Raises:
            SourceError: the file is not one of FRED-MD.
        """
        with readable(self._name):
            header, transform = ([cell.strip() for cell in cells_of(line)] for line in self._head())
        names = [name for name in header[1:] if name]
        if header[0].lower() != DATES:
            raise SourceError(f"{self._name} is not one of FRED-MD: its first row begins with sasdate and the names")
        if not transform[0].lower().startswith("transform"):
            raise SourceError(
                f"{self._name} lacks the row of transformation codes below the names; put it back, "
                f"Transform:{',5' * min(len(names), 2)}{',...' if len(names) > 2 else ''}"
            )
        if wrong := [code for code in transform[1 : len(names) + 1] if code not in tuple("1234567")]:
            raise SourceError(f"{self._name} has a transformation code '{wrong[0]}'; they run from 1 to 7")
        columns = {self._catalog.canonical_id(name): name for name in names}
        if len(columns) < len(names):
            raise SourceError(f"{self._name} holds a series in two columns; keep one of them")
        return columns

    def read(self, wanted: Collection[str]) -> pd.DataFrame:
        """Those of the wanted series that the file has, a row per month up to the newest that it may have.

        NaN for a blank cell, and for a month without a row.

        Raises:
            SourceError: a row or a cell cannot be read, or the months are not those of such a vintage.
        """
        names = {name: series_id for series_id, name in self.columns.items() if series_id in wanted}
        text = self._text()
        with readable(self._name):
            if uneven := lines_of_other_width(text):
                raise SourceError(refusal(self._name, uneven))
            table = pd.read_csv(
                io.StringIO("\n".join(text.splitlines())),
                skiprows=[1],
                skipinitialspace=True,
                dtype={0: "string"},
                na_values=["."],
                float_precision="round_trip",
            )
        table = table.rename(columns=lambda name: DATES if str(name).strip().lower() == DATES else str(name).strip())
        table.index += FIRST_ROW
        table = table.dropna(how="all")
        months = _months(table[DATES])
        cells = table[list(names)]
        if offences := self._offences(table[DATES], months) + _texts(cells):
            raise SourceError(refusal(self._name, offences))
        first, last = month_number(pd.DatetimeIndex([months.min(), max(months.max(), self.newest_month)]))
        grid = month_start(np.arange(first, last + 1))
        return cells.astype(float).rename(columns=names).set_axis(pd.DatetimeIndex(months)).reindex(grid)

    def _offences(self, written: pd.Series, months: pd.Series) -> list[str]:
        wrong = months.isna() | (months.dt.day != 1) | months.duplicated()
        if wrong.any():
            return [f"row {row}: {date} is no month, or there twice" for row, date in written[wrong].items()]
        last = pd.Period(months.max(), "M") if len(months) else None
        if last is None or not self.month - LATEST_END <= last <= self.month:
            return [f"its months end at {last}, which a vintage of {self.month} cannot; is it cut off or misnamed?"]
        return []

    @property
    def _name(self) -> str:
        return f"the FRED-MD vintage {self.path}"

    def _head(self) -> list[str]:
        lines = self._text().split("\n", 2)
        if len(lines) < 3:
            raise SourceError(f"{self._name} is empty")
        return lines[:2]

    def _text(self) -> str:
        with readable(self._name):
            return read_text(self.path)


def _months(written: pd.Series) -> pd.Series:
    """Months as first days; FRED-MD writes month/day/year, with or without leading zeros."""
    dates = pd.to_datetime(written, format="%m/%d/%Y", errors="coerce")
    return dates.fillna(pd.to_datetime(written, format="%Y-%m-%d", errors="coerce"))


def _texts(cells: pd.DataFrame) -> list[str]:
    """The cells that are no numbers: pandas reads a column as text for the sake of one of them."""
    texts = cells.select_dtypes(exclude="number")
    wrong = texts[texts.apply(pd.to_numeric, errors="coerce").isna()].stack().reset_index()
    return [
        f"row {row}: {column} {text} is no number" for row, column, text in wrong.itertuples(index=False, name=None)
    ]
