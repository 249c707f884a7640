"""The chronology of United States recessions by the NBER's Business Cycle Dating Committee.

A month is in recession from the month after the peak through the trough.
"""

from dataclasses import dataclass

import pandas as pd


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
