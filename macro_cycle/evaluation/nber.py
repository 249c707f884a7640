"""The chronology of United States recessions by the NBER's Business Cycle Dating Committee.

A month is in recession from the month after the peak through the trough. Turning points are announced months later;
for those before 1980, which were not announced on a day, a year is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

LONGEST_WAIT = pd.DateOffset(months=12)
"""The longest that an announcement of a peak took (that of December 2007)."""


@dataclass(frozen=True)
class Recession:
    """One contraction: months of peak and trough, and the days of their announcement (None before 1980)."""

    peak: pd.Timestamp
    trough: pd.Timestamp
    peak_announced: pd.Timestamp | None = None
    trough_announced: pd.Timestamp | None = None

    @property
    def first_month(self) -> pd.Timestamp:
        """The first month in recession."""
        return self.peak + pd.DateOffset(months=1)


def _recession(peak: str, trough: str, *announced: str) -> Recession:
    return Recession(pd.Timestamp(peak), pd.Timestamp(trough), *map(pd.Timestamp, announced))


RECESSIONS = (
    _recession("1945-02", "1945-10"),
    _recession("1948-11", "1949-10"),
    _recession("1953-07", "1954-05"),
    _recession("1957-08", "1958-04"),
    _recession("1960-04", "1961-02"),
    _recession("1969-12", "1970-11"),
    _recession("1973-11", "1975-03"),
    _recession("1980-01", "1980-07", "1980-06-03", "1981-07-08"),
    _recession("1981-07", "1982-11", "1982-01-06", "1983-07-08"),
    _recession("1990-07", "1991-03", "1991-04-25", "1992-12-22"),
    _recession("2001-03", "2001-11", "2001-11-26", "2003-07-17"),
    _recession("2007-12", "2009-06", "2008-12-01", "2010-09-20"),
    _recession("2020-02", "2020-04", "2020-06-08", "2021-07-19"),
)


def recession_indicator(index: pd.DatetimeIndex) -> pd.Series:
    """True for each month of `index` (month starts) that the NBER counts as recession."""
    inside = pd.Series(False, index=index, name="recession")
    for recession in RECESSIONS:
        inside |= (index > recession.peak) & (index <= recession.trough)
    return inside


def announced_peaks(day: pd.Timestamp, recessions: Sequence[Recession] = RECESSIONS) -> list[Recession]:
    """The recessions whose peak had been announced by `day`."""
    return [r for r in recessions if (r.peak_announced or r.peak + LONGEST_WAIT) <= day]


def settled_recession(index: pd.DatetimeIndex, day: pd.Timestamp) -> pd.Series:
    """What was settled on `day` about each month of `index`: True in recession, False in expansion, else missing.

    A month is settled once a turning point at or after it has been announced. After the last announced trough it
    counts as an expansion when a year has passed without the announcement of a peak; after the last announced peak
    nothing is settled, since the trough may be behind.
    """
    state = pd.Series(None, index=index, name="recession", dtype=object)
    turns = [turn for recession in RECESSIONS for turn in _announced_turns(recession, day)]
    if not turns:
        return state
    last, in_recession = turns[-1]
    settled = index <= last
    state[settled] = recession_indicator(index)[settled]
    if not in_recession:
        state[(index > last) & (index <= day - LONGEST_WAIT)] = False
    return state


def _announced_turns(recession: Recession, day: pd.Timestamp) -> list[tuple[pd.Timestamp, bool]]:
    """The recession's turning points announced by `day`, each with whether a recession follows it."""
    turns = [
        (recession.peak, recession.peak_announced, True),
        (recession.trough, recession.trough_announced, False),
    ]
    return [(month, follows) for month, said, follows in turns if (said or month + LONGEST_WAIT) <= day]
