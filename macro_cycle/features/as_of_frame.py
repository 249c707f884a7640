"""The frame that a panel is built from, as people hand it over: read as days and numbers, or refused in one line."""

from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError

COLUMNS = ("series_id", "date", "value")
DAYS = ("date", "realtime_start")
DAY = np.dtype("datetime64[ns]")


def read_as_of(frame: Any) -> pd.DataFrame:
    """The as-of frame with text in series_id, days in date (and realtime_start, if told) and floats in value.

    Raises:
        MacroCycleError: it is no such frame; the line says which column and row.
    """
    if not isinstance(frame, pd.DataFrame):
        raise MacroCycleError(
            f"observations are a {type(frame).__name__}: give a data frame with columns {', '.join(COLUMNS)}"
        )
    if lacking := [name for name in COLUMNS if name not in frame]:
        raise MacroCycleError(f"the observations lack {', '.join(lacking)}: name these columns so")
    if frame.columns.duplicated().any():
        raise MacroCycleError(f"the observations name {frame.columns[frame.columns.duplicated()][0]} more than once")
    if frame["series_id"].dtype == object:
        _refuse("series_id", not all(isinstance(name, str) for name in frame["series_id"].unique()))
    else:
        _refuse("series_id", bool(frame["series_id"].isna().any()))
    read = {name: _days(frame, name) for name in DAYS if name in frame and frame[name].dtype != DAY}
    if frame["value"].dtype != np.float64:
        read["value"] = _numbers(frame)
    known = frame.assign(**read) if read else frame
    _refuse("date", bool(known["date"].isna().any()))
    if np.isinf(known["value"].to_numpy()).any():
        raise MacroCycleError("a value of the observations is infinite: use NaN where one is missing")
    return known


def _days(frame: pd.DataFrame, name: str) -> pd.Series:
    column = frame[name]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        raise MacroCycleError(f"column {name} has a time zone: take it off with .dt.tz_localize(None)")
    if pd.api.types.is_numeric_dtype(column):
        _refuse(name, bool(len(column)))
    try:
        return pd.to_datetime(column).astype(DAY)
    except (ValueError, TypeError, OverflowError):
        raise _unreadable(name) from None


def _numbers(frame: pd.DataFrame) -> pd.Series:
    try:
        return pd.to_numeric(frame["value"]).astype("Float64").astype(float)
    except (ValueError, TypeError, OverflowError):
        raise MacroCycleError("column value holds what is no number: use NaN where one is missing") from None


def _refuse(name: str, faulty: bool) -> None:
    if faulty:
        raise _unreadable(name)


def _unreadable(name: str) -> MacroCycleError:
    what = "an id of text" if name == "series_id" else "a day such as 2008-09-01"
    return MacroCycleError(f"column {name} of the observations does not hold {what} in every row")
