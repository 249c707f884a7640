"""Reference periods: which month an observation belongs to, when its period ends, when a month is complete.

A month is counted as `12 * year + month - 1`, so that calendars are plain integer arithmetic.
"""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Frequency = Literal["D", "W", "M", "Q", "A"]
_MONTHS_PER_PERIOD: dict[Frequency, int] = {"D": 1, "W": 1, "M": 1, "Q": 3, "A": 12}


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
    days = float(np.median(np.diff(dates.to_numpy()).astype("timedelta64[D]").astype(float)))
    bounds: list[tuple[float, Frequency]] = [(4, "D"), (20, "W"), (45, "M"), (150, "Q")]
    return next((frequency for bound, frequency in bounds if days < bound), "A")


def period_end(dates: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
    """Last day of the reference period that each FRED date stands for.

    FRED dates a month, quarter or year by its first day, and a week by its last.
    """
    if frequency in ("D", "W"):
        return dates
    step = _MONTHS_PER_PERIOD[frequency]
    return month_start(month_number(dates) // step * step + step) - pd.Timedelta(days=1)


def months_per_period(frequency: Frequency) -> int:
    """Months of a quarter or year; 1 for what is shorter."""
    return _MONTHS_PER_PERIOD[frequency]


def off_weekday(dates: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Which dates of a weekly series fall on another weekday than most: they are not weeks of this series."""
    weekdays = dates.dayofweek.to_numpy()
    return weekdays != np.bincount(weekdays, minlength=7).argmax() if len(dates) else np.zeros(0, bool)


def regular_periods(
    dates: pd.DatetimeIndex, values: NDArray[np.float64], frequency: Frequency
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One value per consecutive period: its last month's number (P,) and its value (P,), NaN where missing.

    Weeks and days are averaged over the month they are dated in; a newest month of which weeks are still to
    come is left out, and so are dates off the weekday of a weekly series: another source's monthly means.
    """
    if frequency == "W" and (foreign := off_weekday(dates)).any():
        dates, values = dates[~foreign], values[~foreign]
    step = _MONTHS_PER_PERIOD[frequency]
    period = month_number(dates) // step
    if frequency in ("D", "W"):
        period, values = _monthly_means(dates, period, values, days=7 if frequency == "W" else 3)
    if not len(period):
        return np.empty(0, np.int64), np.empty(0)
    grid = np.full(period.max() - period.min() + 1, np.nan)
    grid[period - period.min()] = values
    return (np.arange(period.min(), period.max() + 1) + 1) * step - 1, grid


def _monthly_means(
    dates: pd.DatetimeIndex, months: NDArray[np.int64], values: NDArray[np.float64], days: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    newest = dates.max() + pd.Timedelta(days=days)
    complete = months < newest.year * 12 + newest.month - 1
    means = pd.Series(values[complete]).groupby(months[complete]).mean()
    return np.asarray(means.index, np.int64), np.asarray(means, np.float64)
