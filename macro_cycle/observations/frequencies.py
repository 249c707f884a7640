"""Reference periods: which month an observation belongs to, when its period ends, when a month is complete.

A month is counted as `12 * year + month - 1`, so that calendars are plain integer arithmetic.
"""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.errors import MacroCycleError

Frequency = Literal["D", "W", "M", "Q", "S", "A"]
"""Daily, weekly, monthly, quarterly, semi-annual, annual."""

_MONTHS_PER_PERIOD: dict[Frequency, int] = {"D": 1, "W": 1, "M": 1, "Q": 3, "S": 6, "A": 12}
_WEEK = np.timedelta64(7, "D")


def month_number(dates: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Months since year 0 of each date (T,)."""
    return dates.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12


def month_start(numbers: NDArray[np.int64]) -> pd.DatetimeIndex:
    """First day of each numbered month; the inverse of `month_number`."""
    return pd.DatetimeIndex((numbers - 1970 * 12).astype("datetime64[M]").astype("datetime64[ns]"))


def infer_frequency(dates: pd.DatetimeIndex, declared: Frequency | None = None) -> Frequency:
    """The frequency of observed `dates` (ascending): the declared one, unless the dates contradict it.

    A weekly series may arrive as its monthly mean (FRED-MD does so with initial claims): then every date is
    the first of a month. An undeclared frequency is read off the median distance of the dates.
    """
    if declared in ("D", "W") and len(dates) and bool((dates.day == 1).all()):
        return "M"
    if declared is not None:
        return declared
    if len(dates) < 2:
        return "M"
    days = _usual_distance(dates)
    bounds: list[tuple[float, Frequency]] = [(4, "D"), (20, "W"), (45, "M"), (150, "Q"), (270, "S")]
    return next((frequency for bound, frequency in bounds if days < bound), "A")


def period_end(dates: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
    """Last day of the reference period that each FRED date stands for.

    FRED dates a month, quarter or year by its first day, and a week by its last.
    """
    if frequency in ("D", "W"):
        return dates
    step = _MONTHS_PER_PERIOD[frequency]
    return month_start(month_number(dates) // step * step + step) - pd.Timedelta(days=1)


def period_name(date: pd.Timestamp, frequency: Frequency) -> str:
    """What people call the period that a date stands for: a day, 2026-08, 2026-Q3, 2026-H2 or 2026."""
    match frequency:
        case "M":
            return f"{date:%Y-%m}"
        case "Q":
            return f"{date.year}-Q{date.quarter}"
        case "S":
            return f"{date.year}-H{1 + date.month // 7}"
        case "A":
            return f"{date.year}"
    return f"{date:%Y-%m-%d}"


def months_per_period(frequency: Frequency) -> int:
    """Months of a quarter or year; 1 for what is shorter."""
    return _MONTHS_PER_PERIOD[frequency]


def standing_day(dates: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
    """First day of the month (of the week, the day) that the value of each period stands for in a panel."""
    if frequency == "D":
        return dates
    if frequency == "W":
        return dates - pd.Timedelta(days=6)
    step = _MONTHS_PER_PERIOD[frequency]
    return month_start(month_number(dates) // step * step + step - 1)


def is_foreseen(dates: pd.DatetimeIndex, known_on: pd.DatetimeIndex, frequency: Frequency) -> NDArray[np.bool_]:
    """Which values were published before what they stand for had begun: projections, or errors."""
    return np.asarray(standing_day(dates, frequency) > known_on)


def is_monthly_mean(dates: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Which dates of a weekly series (ascending) are the first of a month between two weeks that follow each other.

    So another source dates its monthly means; one less than a week before the first week of all is such, too. A series
    whose weekday changes, or that skips a holiday, has none.
    """
    first = np.asarray(dates.day == 1)
    weeks = dates[~first].to_numpy()
    if not first.any() or len(weeks) < 2:
        return np.zeros(len(dates), bool)
    after = np.searchsorted(weeks, dates.to_numpy())
    inside = first & (after > 0) & (after < len(weeks))
    before_all = first & (after == 0) & (weeks[0] - dates.to_numpy() < _WEEK)
    after = np.clip(after, 1, len(weeks) - 1)
    return before_all | (inside & (weeks[after] - weeks[after - 1] <= _WEEK + np.timedelta64(1, "D")))


def regular_periods(
    dates: pd.DatetimeIndex, values: NDArray[np.float64], frequency: Frequency
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One value per consecutive period: its last month's number (P,) and its value (P,), NaN where missing.

    Weeks and days are averaged over the month they are dated in; a newest month of which weeks are still to come is
    left out, and so are another source's monthly means among weeks.

    Raises:
        MacroCycleError: two values for one period.
    """
    if frequency == "W" and (means := is_monthly_mean(dates)).any():
        dates, values = dates[~means], values[~means]
    step = _MONTHS_PER_PERIOD[frequency]
    period = month_number(dates) // step
    if frequency in ("D", "W"):
        days = 3 if frequency == "D" else max(7, round(_usual_distance(dates)))
        period, values = _monthly_means(dates, period, values, days)
    elif len(period) > 1 and not np.diff(period).all():
        clash = int(np.flatnonzero(np.diff(period) == 0)[0])
        raise MacroCycleError(f"two values for one period, {dates[clash]:%Y-%m-%d} and {dates[clash + 1]:%Y-%m-%d}")
    if not len(period):
        return np.empty(0, np.int64), np.empty(0)
    grid = np.full(period.max() - period.min() + 1, np.nan)
    grid[period - period.min()] = values
    return (np.arange(period.min(), period.max() + 1) + 1) * step - 1, grid


def _usual_distance(dates: pd.DatetimeIndex) -> float:
    """Median days from one date to the next; 0 where there is none."""
    return float(np.median(np.diff(dates.to_numpy()).astype("timedelta64[D]").astype(float))) if len(dates) > 1 else 0.0


def _monthly_means(
    dates: pd.DatetimeIndex, months: NDArray[np.int64], values: NDArray[np.float64], days: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    newest = dates.max() + pd.Timedelta(days=days)
    complete = months < newest.year * 12 + newest.month - 1
    means = pd.Series(values[complete]).groupby(months[complete]).mean()
    return np.asarray(means.index, np.int64), np.asarray(means, np.float64)
