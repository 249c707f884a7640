"""Rivals whose probabilities a person brings in a file: Chauvet and Piger's, one based on GDP, a desk's own.

The first column holds months (or quarters' first months), further ones probabilities, from 0 to 1 or in percent. A
column `known_on` says on which day each row was known; without it a row counts as known at the end of the second month
after its own, as Chauvet and Piger's is published, and the note says that the values are the file's, as revised.
"""

from pathlib import Path

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.track_record import Record

LAG = pd.offsets.MonthEnd(2)
KNOWN_ON = "known_on"
REVISED = "one vintage, as revised until the file was made, taken as known two month ends later"


def read_rivals(path: Path) -> list[Record]:
    """A record for each column of probabilities in the CSV file, its answers by month end.

    Raises:
        MacroCycleError: the file cannot be read as such; the line says what is wrong.
    """
    table = _table(path)
    days = _known_on(path, table)
    columns = [name for name in table.columns[1:] if name != KNOWN_ON]
    if not columns:
        raise MacroCycleError(f"{path} has no column of probabilities beside its months")
    note = "as published" if KNOWN_ON in table else REVISED
    return [_record(path, name, _probabilities(path, name, table[name]), days, note) for name in map(str, columns)]


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, na_values=["."])
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise MacroCycleError(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}") from None
    months = _dates(path, table.iloc[:, 0]) if table.shape[1] else None
    if months is None or table.empty:
        raise MacroCycleError(f"{path} holds no rows: give months in the first column and probabilities beside them")
    table = table.set_index(pd.DatetimeIndex(months).to_period("M").to_timestamp())
    twice = table.index[table.index.duplicated()]
    if len(twice) and KNOWN_ON not in table:
        raise MacroCycleError(f"{path} has {twice[0]:%Y-%m} twice: say in a column {KNOWN_ON} when each was known")
    return table


def _known_on(path: Path, table: pd.DataFrame) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(table.index)
    if KNOWN_ON not in table:
        return index + pd.offsets.MonthEnd(0) + LAG
    days = pd.DatetimeIndex(_dates(path, table[KNOWN_ON]))
    if len(early := index[days < index]):
        raise MacroCycleError(f"{path} says that {early[0]:%Y-%m} was known before it began: see its {KNOWN_ON}")
    return days


def _dates(path: Path, column: pd.Series) -> pd.Series:
    try:
        days = pd.to_datetime(column.astype(str), format="ISO8601")
    except (ValueError, TypeError):
        days = None
    if days is None or days.isna().any() or days.dt.tz is not None:
        raise MacroCycleError(f"column {column.name} of {path} does not hold days such as 2008-09-01")
    return days


def _probabilities(path: Path, name: str, column: pd.Series) -> pd.Series:
    try:
        values = pd.to_numeric(column).astype(float)
    except (ValueError, TypeError):
        raise MacroCycleError(f"column {name} of {path} holds what is no number") from None
    if values.isna().all():
        raise MacroCycleError(f"column {name} of {path} holds no number")
    values = values / 100 if values.max() > 1 else values
    if ((values < 0) | (values > 1)).any():
        raise MacroCycleError(f"column {name} of {path} holds what is no probability: give 0 to 1, or percent")
    return values


def _record(path: Path, name: str, score: pd.Series, days: pd.DatetimeIndex, note: str) -> Record:
    said = pd.DataFrame({"reference_month": score.index, "score": score.to_numpy()}, index=days).dropna()
    said = said.sort_index(kind="stable")
    by_month = said.assign(as_of=pd.DatetimeIndex(said.index).to_period("M").to_timestamp())
    scores = by_month.drop_duplicates("as_of", keep="last").set_index("as_of")
    return Record(
        f"{path.stem}_{name}".lower(),
        f"{name} ({path.name})",
        scores,
        source=str(path.name),
        note=note,
        days=said[~said.index.duplicated(keep="last")],
    )
