"""What a record covers: the months in which it was asked and had data to answer from.

Nobody was asked in the other months, so nothing can have been missed, called or declared in them: a recession is in the
record where a stretch of months without a hole holds it. Here: months and stretches. Not here: what was said in them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.evaluation.chronology import Chronology, Recession

OLDEST = 3
"""Months by which the data may lie behind the month end, for the answer to be one about its time."""
AFTER = pd.DateOffset(months=6)
"""How long after a turning point the record must go on for it to be asked about."""
DAYS_A_YEAR = 365.25
HOLE = pd.Timedelta(days=125)
"""Between two values nearer than this there is no hole: an answer repeated for want of data is left out of a record."""


@dataclass(frozen=True)
class Stretch:
    """Months without a hole, from the first day of the first to the last day of the last."""

    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def in_words(self) -> str:
        """From month to month."""
        first, last = f"{self.first:%Y-%m}", f"{self.last:%Y-%m}"
        return first if first == last else f"{first} to {last}"

    def holds(self, month: pd.Timestamp) -> bool:
        """Whether it goes on long enough after a turning point's month for the turning point to be asked about."""
        return self.first <= month and _end(month + AFTER) <= self.last


@dataclass(frozen=True)
class Coverage:
    """months: starts of the as-of months covered, ascending, each once."""

    months: tuple[pd.Timestamp, ...] = ()

    @classmethod
    def of(cls, as_of: Iterable[pd.Timestamp], reference_months: Iterable[pd.Timestamp]) -> "Coverage":
        """The as-of months (any day of them) whose answer is about a month at most `OLDEST` before."""
        said, about = _starts(as_of), _starts(reference_months)
        behind = 12 * (said.year - about.year) + said.month - about.month
        return cls(tuple(said[behind <= OLDEST].unique().sort_values()))

    @classmethod
    def between(cls, first: pd.Timestamp, last: pd.Timestamp) -> "Coverage":
        """Every month from the one of the first day to the one of the last."""
        return cls(tuple(pd.period_range(first, last, freq="M").to_timestamp()))

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """The months in stretches without a hole, oldest first."""
        found: list[Stretch] = []
        for month in self.months:
            if found and found[-1].last + pd.Timedelta(days=1) == month:
                found[-1] = Stretch(found[-1].first, _end(month))
            else:
                found.append(Stretch(month, _end(month)))
        return tuple(found)

    def stretch_of(self, day: pd.Timestamp) -> Stretch | None:
        """The stretch that the day lies in; None where it is not covered."""
        return next((each for each in self.stretches if each.first <= day <= each.last), None)

    def holding(self, month: pd.Timestamp) -> Stretch | None:
        """The stretch in which a turning point of the month is asked about; None where it is not in the record."""
        stretch = self.stretch_of(month)
        return stretch if stretch is not None and stretch.holds(month) else None

    def covers(self, days: pd.DatetimeIndex) -> NDArray[np.bool_]:
        """For each day, whether its month is covered."""
        return np.asarray(_starts(days).isin(list(self.months)))

    def without(self, months: Iterable[pd.Timestamp]) -> "Coverage":
        """The same, but for these months."""
        left_out = set(months)
        return Coverage(tuple(month for month in self.months if month not in left_out))

    def years(self, day: pd.Timestamp) -> float:
        """The time that it covers up to the day, in years."""
        days = sum(max((min(each.last, day) - each.first).days + 1, 0) for each in self.stretches)
        return days / DAYS_A_YEAR

    @property
    def in_words(self) -> str:
        """The stretches from month to month."""
        return ", ".join(each.in_words for each in self.stretches)


def recessions_to_ask(chronology: Chronology, day: pd.Timestamp) -> list[Recession]:
    """Those of which a record is asked at all: announced by the day, and not before the chronology's `scored_since`."""
    since = chronology.scored_since
    return [r for r in chronology.announced_peaks(day) if since is None or r.peak >= since]


def in_record(coverage: Coverage, chronology: Chronology, day: pd.Timestamp) -> list[tuple[Recession, Stretch]]:
    """The recessions that the record is asked about, each with the stretch that holds its peak."""
    found = ((r, coverage.holding(r.peak)) for r in recessions_to_ask(chronology, day))
    return [(recession, stretch) for recession, stretch in found if stretch is not None]


def not_in_record(coverage: Coverage, chronology: Chronology, day: pd.Timestamp) -> list[Recession]:
    """The recessions about which the record cannot be asked, since it does not cover the months about their peak."""
    return [r for r in recessions_to_ask(chronology, day) if coverage.holding(r.peak) is None]


def runs(values: pd.Series) -> list[pd.Series]:
    """Values by day or month, ascending, as they lie between holes: over a hole no line is drawn."""
    holes = pd.Series(values.index, values.index).diff() > HOLE
    return [run for _, run in values.groupby(holes.cumsum().to_numpy())]


def _starts(days: Iterable[pd.Timestamp]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(list(days)).to_period("M").to_timestamp()


def _end(month: pd.Timestamp) -> pd.Timestamp:
    return month + pd.offsets.MonthEnd(0)
