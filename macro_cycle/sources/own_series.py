"""One series of a person's own in a CSV file: a column of dates and one of numbers."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from macro_cycle.sources.base import SourceError
from macro_cycle.sources.intervals import days, is_missing, numbers
from macro_cycle.sources.schema import refusal
from macro_cycle.sources.text_files import lines_of_other_width, read_text, readable

DATES = ("date", "observation_date", "day", "month", "quarter", "period", "time")
FEWEST = 8
MOST_NAMED = 3


def read_own_series(path: Path, column: str | None = None) -> pd.Series:
    """The values by date, ascending, without missing ones; named after their column.

    The dates are the first column, or the one that is named so. `column` names the values where there are several.

    Raises:
        SourceError: the file cannot be read, or is no such table; one line says why.
    """
    what = f"the file {path}"
    with readable(what):
        text = read_text(path)
        if uneven := lines_of_other_width(text):
            raise SourceError(refusal(what, uneven))
        cells = pd.read_csv(io.StringIO(text), dtype="string", keep_default_na=False, na_values=[""])
        cells = cells.rename(columns=lambda name: str(name).strip())
    dated = next((name for name in cells if str(name).lower() in DATES), cells.columns[0])
    values = _values(what, [str(name) for name in cells if name != dated], column)
    found = pd.DataFrame({"date": days(_with_days(cells[dated])), "value": numbers(cells[values])})
    _refuse_faults(what, cells, found, str(dated), values)
    known = found.dropna(subset="value").sort_values("date", kind="stable")
    if len(known) < FEWEST:
        raise SourceError(f"{what} holds {len(known)} values of {values}; phases need at least {FEWEST}")
    return known.set_index("date")["value"].rename(values)


def _with_days(texts: pd.Series) -> pd.Series:
    """Dates with their day: a month `YYYY-MM` stands for its first."""
    written = texts.str.strip()
    return written.mask(written.str.fullmatch(r"\d{4}-\d{2}").fillna(False), written + "-01")


def _values(what: str, names: list[str], column: str | None) -> str:
    if not names:
        raise SourceError(f"{what} has one column; it needs dates and values")
    if column is None and len(names) > 1:
        raise SourceError(f"{what} has several columns of values; choose one with --column: {', '.join(names[:12])}")
    if column is not None and column not in names:
        raise SourceError(f"{what} has no column {column}; there are {', '.join(names[:12])}")
    return column or names[0]


def _refuse_faults(what: str, cells: pd.DataFrame, found: pd.DataFrame, dated: str, values: str) -> None:
    faults = {
        dated: found["date"].isna(),
        values: found["value"].isna() & ~is_missing(cells[values]) | found["value"].isin([np.inf, -np.inf]),
    }
    kinds = {dated: "no day (YYYY-MM-DD)", values: "no number"}
    offences = [
        f"row {number + 1}: {name} {cells[name].iloc[number]} is {kinds[name]}"
        for name, faulty in faults.items()
        for number in faulty.to_numpy().nonzero()[0]
    ]
    twice = found["date"][found["date"].duplicated()]
    offences += [f"{day:%Y-%m-%d} is there twice" for day in twice.drop_duplicates().dropna()]
    if offences:
        more = f"; and {len(offences) - MOST_NAMED} more" if len(offences) > MOST_NAMED else ""
        raise SourceError(f"{what} cannot be read as a series: {'; '.join(offences[:MOST_NAMED])}{more}")
