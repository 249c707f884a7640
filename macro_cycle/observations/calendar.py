"""When a series' next value is due, whether it came, and how late it is: release calendars from catalogue lags.

Histories are frames of `Warehouse.history`; a period is named by the day that FRED dates it by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.observations.catalog import Catalog, SeriesSpec
from macro_cycle.observations.frequencies import (
    Frequency,
    infer_frequency,
    month_number,
    month_start,
    months_per_period,
    period_end,
)
from macro_cycle.observations.revisions import records

GRACE_DAYS: dict[Frequency, int] = {"D": 5, "W": 4, "M": 10, "Q": 10, "S": 20, "A": 30}
LONGEST_STEP_DAYS: dict[Frequency, int] = {"D": 4, "W": 7, "M": 31, "Q": 92, "S": 184, "A": 366}
_STEP: dict[Frequency, Any] = {
    "D": pd.offsets.BDay(1),
    "W": pd.DateOffset(weeks=1),
    "M": pd.DateOffset(months=1),
    "Q": pd.DateOffset(months=3),
    "S": pd.DateOffset(months=6),
    "A": pd.DateOffset(years=1),
}
MOST_OVERDUE = 12
CALENDAR = ["series_id", "title", "period", "expected", "arrived", "status"]


def first_releases(history: pd.DataFrame) -> pd.Series:
    """Day on which each date of one series first had a value, by date; a projection is none until its period begins."""
    known = history[history["value"].notna() & (history["date"] <= history["realtime_start"])]
    return known.groupby("date")["realtime_start"].min()


def frequency_of(dates: pd.DatetimeIndex, spec: SeriesSpec) -> Frequency:
    """The declared frequency, unless the dates (ascending) contradict it."""
    return infer_frequency(dates, spec.frequency)


def next_period(date: pd.Timestamp, frequency: Frequency) -> pd.Timestamp:
    """The date of the period after the one dated `date`."""
    return date + _STEP[frequency]


def expected_release(period: pd.Timestamp, frequency: Frequency, spec: SeriesSpec) -> pd.Timestamp:
    """Day on which the value of a period is due by the catalogue's lag."""
    return period_end(pd.DatetimeIndex([period]), frequency)[0] + pd.Timedelta(days=spec.publication_lag_days)


@dataclass(frozen=True)
class Due:
    """The value that comes next: its period, the day on which it is expected, and the first day on which it is late."""

    period: pd.Timestamp
    expected: pd.Timestamp
    late_from: pd.Timestamp


def due_after(dates: pd.DatetimeIndex, spec: SeriesSpec) -> Due:
    """What comes after `dates`, the newest dates of one series that have a value, ascending."""
    frequency = frequency_of(dates, spec)
    period = dates[-1] + _STEP[frequency]
    expected = expected_release(period, frequency, spec)
    return Due(period, expected, expected + pd.Timedelta(days=GRACE_DAYS[frequency] + 1))


def overdue(dates: pd.DatetimeIndex, spec: SeriesSpec, today: pd.Timestamp) -> pd.Timestamp | None:
    """The first day after its grace on which the value after `dates` was missing; None while it is not late."""
    due = due_after(dates, spec)
    return due.late_from if due.late_from <= today else None


def lateness(history: pd.DataFrame, spec: SeriesSpec) -> pd.DataFrame:
    """The spans of days on which one series was overdue.

    One row per span: `period` that was due, `expected` release, `since`, the first day after the grace of its
    frequency, and `until`, the day on which it or a later period came (NaT: none did).
    """
    released = first_releases(history)
    if released.empty:
        return pd.DataFrame(columns=["period", "expected", "since", "until"])
    frequency = frequency_of(pd.DatetimeIndex(released.index), spec)
    by_day = released.reset_index().groupby("realtime_start")["date"].max().cummax()
    newest = by_day[~by_day.duplicated()]
    period = pd.DatetimeIndex(newest) + _STEP[frequency]
    expected = period_end(period, frequency) + pd.Timedelta(days=spec.publication_lag_days)
    until = pd.Series(newest.index, dtype="datetime64[ns]").shift(-1)
    since = pd.Series(expected + pd.Timedelta(days=GRACE_DAYS[frequency] + 1))
    spans = pd.DataFrame({"period": period, "expected": expected, "since": since, "until": until})
    return spans[~(spans["until"] <= spans["since"])].reset_index(drop=True)


def late_arrivals(
    history: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str], since: pd.Timestamp, until: pd.Timestamp
) -> list[str]:
    """A line for each release that came after its day and grace, from the day after `since` to `until`."""
    return [
        f"{series_id} {row.period:%Y-%m-%d} was expected by {row.expected:%Y-%m-%d} and came on {row.until:%Y-%m-%d}"
        for series_id in series_ids
        for row in records(lateness(history[history["series_id"] == series_id], catalog.spec(series_id)))
        if since < row.until <= until
    ]


def release_calendar(
    history: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str], month: str, today: pd.Timestamp
) -> pd.DataFrame:
    """What is due in a month by the catalogue's lags, what has come and what is late.

    `month` is the key of the month. One row per series and period: series_id, title, period, `expected` day, `arrived`
    (NaT: not yet), `status`: arrived, expected, late (past its day and grace), or skipped (a later period came in its
    stead). A period is due in the month by its expected day, or because it was due earlier and had not come when the
    month began; of a series that is more than `MOST_OVERDUE` periods behind, the oldest of these is named.
    """
    rows = [
        row
        for series_id in series_ids
        for row in _due(history[history["series_id"] == series_id], catalog.spec(series_id), month, today)
    ]
    frame = pd.DataFrame(rows, columns=CALENDAR).astype({"arrived": "datetime64[ns]"})
    return frame.sort_values(["expected", "series_id"], ignore_index=True)


def _due(history: pd.DataFrame, spec: SeriesSpec, month: str, today: pd.Timestamp) -> list[tuple]:
    released = first_releases(history)
    released = released[released <= today]
    if released.empty:
        return []
    frequency = frequency_of(pd.DatetimeIndex(released.index), spec)
    begin = pd.Timestamp(month)
    before = released[released < begin].index.max() if (released < begin).any() else released.index.min()
    rows: list[tuple] = []
    period = before + _STEP[frequency]
    while (expected := expected_release(period, frequency, spec)) <= begin + pd.offsets.MonthEnd(0):
        arrived = _arrival(released, period, frequency)
        status = _status(arrived, expected, today, frequency, skipped=period < released.index.max())
        rows.append((spec.series_id, spec.title, period, expected, arrived, status))
        period = period + _STEP[frequency]
    overdue = [row for row in rows if row[3] < begin]
    return rows if len(overdue) <= MOST_OVERDUE else [overdue[0], *rows[len(overdue) :]]


def _arrival(released: pd.Series, period: pd.Timestamp, frequency: Frequency) -> Any:
    """Day on which the value of a period came; a week may be dated by a neighbouring day."""
    if frequency != "W":
        return released.get(period, pd.NaT)
    days, about = pd.DatetimeIndex(released.index), pd.Timedelta(days=3)
    near = released[(days >= period - about) & (days <= period + about)]
    return near.iloc[0] if len(near) else pd.NaT


def _status(
    arrived: pd.Timestamp, expected: pd.Timestamp, today: pd.Timestamp, frequency: Frequency, *, skipped: bool
) -> str:
    if not pd.isna(arrived):
        return "arrived"
    if skipped:
        return "skipped"
    return "late" if today > expected + pd.Timedelta(days=GRACE_DAYS[frequency]) else "expected"


def gaps(history: pd.DataFrame, spec: SeriesSpec) -> pd.DataFrame:
    """Periods of one series that were missing while a later one was known: period, since, until (NaT: for good)."""
    released = first_releases(history)
    dates = pd.DatetimeIndex(released.index)
    frequency = frequency_of(dates, spec)
    if len(dates) < 2 or frequency in ("D", "W"):
        return pd.DataFrame(columns=["period", "since", "until"])
    first, last = month_number(dates[[0, -1]])
    grid = month_start(np.arange(first, last + 1, months_per_period(frequency)))
    until = released.reindex(grid)
    days = until.to_numpy().astype("datetime64[D]").astype(np.int64)
    days = np.where(until.isna(), np.iinfo(np.int64).max, days)
    later = np.append(np.minimum.accumulate(days[::-1])[::-1][1:], np.iinfo(np.int64).max)
    missing = days > later
    since = pd.DatetimeIndex(later[missing].astype("datetime64[D]").astype("datetime64[ns]"))
    return pd.DataFrame({"period": grid[missing], "since": since, "until": until[missing].to_numpy()})
