"""The next release of each series: which period it is of, when it is due, and what of its month is known already."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.ahead.scenario import Scenario, first_day, month_text, period_text
from macro_cycle.features.hypothetical import Print
from macro_cycle.observations.calendar import GRACE_DAYS, expected_release, frequency_of, next_period
from macro_cycle.observations.catalog import SeriesSpec
from macro_cycle.observations.frequencies import Frequency, month_number, standing_day

DAYS_TO_A_NEW_MONTH = {"W": 7, "D": 3}
"""Days after a week's or day's date by which the next one may have begun a new month (`regular_periods`)."""


@dataclass(frozen=True)
class Release:
    """The next value of a series that the model can see.

    periods: its date; of a weekly or daily series the dates of all values that its month still lacks, since the model
    sees the mean of a whole month. published: the values of that month that are known. month: number of the month in
    which the value stands. expected: day on which it is due by the catalogue's lag. status: expected, or late when its
    day and grace have passed.
    """

    spec: SeriesSpec
    periods: tuple[pd.Timestamp, ...]
    published: tuple[float, ...]
    month: int
    expected: pd.Timestamp
    status: str

    @property
    def series_id(self) -> str:
        """The series' FRED id."""
        return self.spec.series_id

    @property
    def months(self) -> int:
        """Months of its period: 1 of weeks and days, which make up a month."""
        return self.month - int(month_number(pd.DatetimeIndex(self.periods[:1]))[0]) + 1

    @property
    def whole(self) -> str:
        """The month, quarter or year that its value stands for, or is part of."""
        return period_text(self.month, self.months)

    @property
    def period(self) -> str:
        """The period as people write it, and how many of its weeks or days are still to come."""
        if len(self.periods) + len(self.published) == 1:
            return self.whole
        return f"{self.whole}, {len(self.periods)} of {len(self.periods) + len(self.published)}"

    def prints(self, value: float) -> tuple[Print, ...]:
        """The release with this value; of several dates each has it."""
        return tuple(Print(self.series_id, date, value) for date in self.periods)

    def period_value(self, value: float) -> float:
        """The month's mean, of which the known part is known, if the rest has this value."""
        parts = (*self.published, *[value] * len(self.periods))
        return float(np.mean(parts))

    def print_of(self, period_value: float) -> float:
        """The value of the rest that makes this mean: the inverse of `period_value`."""
        count = len(self.published) + len(self.periods)
        return float((period_value * count - sum(self.published)) / len(self.periods))

    def document(self) -> dict[str, Any]:
        """What a reader needs of it, JSON-able."""
        return {
            "series_id": self.series_id,
            "title": self.spec.title,
            "units": self.spec.units,
            "month": month_text(self.month),
            "dates": [f"{date:%Y-%m-%d}" for date in self.periods],
            "expected": f"{self.expected:%Y-%m-%d}",
            "status": self.status,
        }


def coming(scenario: Scenario) -> list[Release]:
    """The next release of every series of the features of which anything is known, by expected day."""
    found = [next_release(scenario, series_id) for series_id in scenario.panels.series_ids]
    return sorted(found, key=lambda release: (release.expected, release.series_id))


def next_release(scenario: Scenario, series_id: str) -> Release:
    """The next release of a series after those that are known."""
    spec, dates = scenario.catalog.spec(series_id), scenario.panels.dates(series_id)
    frequency = frequency_of(dates, spec)
    periods = _periods(dates[-1], frequency)
    month = int(month_number(standing_day(pd.DatetimeIndex(periods[-1:]), frequency))[0])
    published: tuple[float, ...] = ()
    if frequency in DAYS_TO_A_NEW_MONTH:
        month = int(month_number(pd.DatetimeIndex(periods[-1:]))[0])
        begin = first_day(month)
        published = tuple(scenario.panels.known_values(series_id)[begin : begin + pd.offsets.MonthEnd(1)].tolist())
    expected = expected_release(periods[-1], frequency, spec)
    late = scenario.as_of > expected + pd.Timedelta(days=GRACE_DAYS[frequency])
    return Release(spec, periods, published, month, expected, "late" if late else "expected")


def _periods(newest: pd.Timestamp, frequency: Frequency) -> tuple[pd.Timestamp, ...]:
    """The next date, or all those that the month of the next week or day still lacks."""
    periods = [next_period(newest, frequency)]
    if days := DAYS_TO_A_NEW_MONTH.get(frequency):
        while (periods[-1] + pd.Timedelta(days=days)).to_period("M") == periods[0].to_period("M"):
            periods.append(next_period(periods[-1], frequency))
    return tuple(periods)
