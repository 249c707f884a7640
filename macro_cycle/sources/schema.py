"""The one frame that every source yields, checked whole before anything is written."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from macro_cycle.observations.catalog import ID_FORM, is_series_id
from macro_cycle.sources.base import COLUMNS, SourceError

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

KEY = ["series_id", "date", "realtime_start"]
SHOWN = 3
LONGEST_STEP = np.timedelta64(366, "D")  # a series is annual or more frequent


def observation_schema() -> "DataFrameSchema":
    """Columns `COLUMNS`: an id, days, a finite or missing value; nothing from the future, one value per key.

    The last day of the present month, in a rehearsal too, is the newest that a vintage may be dated by.
    """
    import pandera.pandas as pa

    newest = pd.Timestamp.now() + pd.offsets.MonthEnd(0)
    return pa.DataFrameSchema(
        {
            "series_id": pa.Column(object, pa.Check(_is_id, error=f"the id is not {ID_FORM}")),
            "date": pa.Column("datetime64[ns]"),
            "value": pa.Column(float, pa.Check(lambda v: ~np.isinf(v), error="the value is infinite"), nullable=True),
            "realtime_start": pa.Column(
                "datetime64[ns]", pa.Check(lambda day: day <= newest, error="it is known only in the future")
            ),
            "estimated": pa.Column(bool),
        },
        checks=pa.Check(_agrees, error="another value is stated for the same day"),
        strict=True,
    )


def checked(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """The frame if it is as it must be; it holds all that is known of its series.

    Raises:
        SourceError: it is not; one bad row refuses the frame whole. The message names the rows that offend.
    """
    import pandera.errors

    rows = frame[list(COLUMNS)].reset_index(drop=True)
    try:
        observation_schema().validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise SourceError(refusal(source, _offences(rows, error.failure_cases))) from None
    if misdated := [_misdated(row) for _, row in _out_of_reach(rows).iterrows()]:
        raise SourceError(refusal(source, misdated))
    return rows


def refusal(source: str, offences: list[str]) -> str:
    """One line for a source that is refused: how many offences, and the first few of them."""
    shown = "; ".join(offences[:SHOWN]) + ("; ..." if len(offences) > SHOWN else "")
    return f"{source} is refused and nothing of it was written: {len(offences)} fault(s): {shown}"


def _offences(rows: pd.DataFrame, cases: pd.DataFrame) -> list[str]:
    found = [_offence(rows, *case) for case in cases[["index", "column", "check"]].itertuples(index=False, name=None)]
    return list(dict.fromkeys(found))


def _offence(rows: pd.DataFrame, position: int | None, column: str, check: str) -> str:
    if check.startswith("dtype(") or position is None:
        return f"column {column} is of another type than it must be"
    fault = f"{column} is missing" if check == "not_nullable" else check
    row = rows.loc[position]
    return f"{row['series_id']} {_day(row['date'])} known from {_day(row['realtime_start'])}: {fault}"


def _out_of_reach(rows: pd.DataFrame) -> pd.DataFrame:
    """Values of periods that begin after they were published and that no chain of periods leads to from that day.

    A projection runs on from what is known, period by period; a typing error stands alone.
    """
    ahead = rows[(rows["date"] > rows["realtime_start"]) & rows["value"].notna()]
    own = {series_id: rows[rows["series_id"] == series_id] for series_id in ahead["series_id"].unique()}
    reached = [_is_reached(date, known_on, own[s]) for s, date, known_on in zip(*(ahead[k] for k in KEY), strict=True)]
    return ahead[~np.array(reached, bool)]


def _is_reached(date: pd.Timestamp, known_on: pd.Timestamp, own: pd.DataFrame) -> bool:
    """Whether no two steps of the series' length are missing between the newest period that has begun and `date`."""
    steps = np.sort(np.diff(np.sort(own["date"].unique())))
    step = min(steps[(len(steps) - 1) // 2], LONGEST_STEP) if len(steps) else np.timedelta64(31, "D")
    dates = np.sort(own.loc[(own["realtime_start"] <= known_on) & (own["date"] <= date), "date"].unique())
    begun = int(np.searchsorted(dates, known_on.to_datetime64(), side="right"))
    chain = dates[begun - 1 :] if begun else np.concatenate([[known_on.to_datetime64()], dates])
    return bool((np.diff(chain) <= 2 * step).all())


def _misdated(row: pd.Series) -> str:
    what = f"{row['series_id']} {_day(row['date'])} known from {_day(row['realtime_start'])}"
    return f"{what}: the period begins after the day it was published"


def _day(day: object) -> str:
    return f"{day:%Y-%m-%d}" if isinstance(day, pd.Timestamp) else "?"


def _is_id(ids: pd.Series) -> pd.Series:
    usable = {name: is_series_id(name) for name in ids.unique()}
    return ids.map(usable)


def _agrees(frame: pd.DataFrame) -> pd.Series:
    """Per row, whether no other row states another value for its key."""
    distinct = frame.drop_duplicates([*KEY, "value"])
    clashing = distinct[distinct.duplicated(KEY, keep=False)].index
    return pd.Series(~frame.index.isin(clashing), frame.index)
