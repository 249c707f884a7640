"""An official chronology: the turning points that a dating committee settled, and the days on which it said so.

A month is in recession from the month after the peak through the trough. A turning point that is known by quarter alone
counts as the last month of its quarter. Turning points are announced months later; where no day of announcement is
known, `longest_wait` months are assumed.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

QUARTER = re.compile(r"(\d{4})-?Q([1-4])")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def _month(value: Any) -> Any:
    """The first day of a month written YYYY-MM, or of the last month of a quarter written YYYYQn."""
    if isinstance(value, str) and (quarter := QUARTER.fullmatch(value)):
        return pd.Timestamp(int(quarter[1]), 3 * int(quarter[2]), 1)
    if isinstance(value, str) and MONTH.fullmatch(value):
        return pd.Timestamp(value)
    if isinstance(value, pd.Timestamp):
        return value
    raise ValueError("write a month as YYYY-MM, or a quarter as YYYYQ1")


def _day(value: Any) -> Any:
    try:
        return pd.Timestamp(value)
    except (TypeError, ValueError):
        raise ValueError("write a day as YYYY-MM-DD") from None


Month = Annotated[pd.Timestamp, BeforeValidator(_month)]
Day = Annotated[pd.Timestamp, BeforeValidator(_day)]


class Recession(BaseModel):
    """One contraction: months of peak and trough, and the days of their announcement, None where there was none.

    trough: None while it is not dated. dated_by: whether the committee dated it by month, or a turn of it by quarter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    peak: Month
    trough: Month | None = None
    peak_announced: Day | None = None
    trough_announced: Day | None = None
    dated_by: Literal["month", "quarter"] = "month"

    @model_validator(mode="before")
    @classmethod
    def _by_quarter(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        quarterly = any(isinstance(each, str) and QUARTER.fullmatch(each) for each in given.values())
        return {**given, "dated_by": "quarter"} if quarterly else given

    @model_validator(mode="after")
    def _in_order(self) -> "Recession":
        if self.trough is not None and self.trough <= self.peak:
            raise ValueError(f"the trough {self.trough:%Y-%m} does not follow the peak {self.peak:%Y-%m}")
        for month, announced in ((self.peak, self.peak_announced), (self.trough, self.trough_announced)):
            if month is not None and announced is not None and announced <= month:
                raise ValueError(f"{month:%Y-%m} cannot have been announced on {announced:%Y-%m-%d}")
        return self

    @property
    def first_month(self) -> pd.Timestamp:
        """The first month in recession."""
        return self.peak + pd.DateOffset(months=1)


class Chronology(BaseModel):
    """The contractions of an economy as its committee dates them, oldest first.

    authority: who dates them, in words that follow "announced by". longest_wait: months that the announcement of a peak
    has taken at most. scored_since: recessions whose peak lies before are not asked of a record; default: all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    authority: str
    longest_wait: int = Field(default=12, ge=1, le=60)
    scored_since: Month | None = None
    recessions: tuple[Recession, ...]

    @model_validator(mode="after")
    def _one_after_the_other(self) -> "Chronology":
        for earlier, later in zip(self.recessions, self.recessions[1:], strict=False):
            if earlier.trough is None or later.peak < earlier.trough:
                raise ValueError(f"the recession that begins after {later.peak:%Y-%m} overlaps the one before it")
        return self

    def recession_indicator(self, index: pd.DatetimeIndex) -> pd.Series:
        """True for each month of `index` (month starts) in recession; after a peak without a trough, all are."""
        inside = pd.Series(False, index=index, name="recession")
        for recession in self.recessions:
            inside |= (index > recession.peak) & (recession.trough is None or index <= recession.trough)
        return inside

    def announced_peaks(self, day: pd.Timestamp) -> list[Recession]:
        """The recessions whose peak had been announced by `day`."""
        return [r for r in self.recessions if (r.peak_announced or r.peak + self._wait) <= day]

    def settled(self, index: pd.DatetimeIndex, day: pd.Timestamp) -> pd.Series:
        """What was settled on `day` about each month of `index`: True in recession, False in expansion, else missing.

        A month is settled once a turning point at or after it has been announced. After the last announced trough it
        counts as an expansion when the longest wait has passed without the announcement of a peak; after the last
        announced peak nothing is settled, since the trough may be behind.
        """
        state = pd.Series(None, index=index, name="recession", dtype=object)
        turns = [turn for recession in self.recessions for turn in self._announced_turns(recession, day)]
        if not turns:
            return state
        last, in_recession = turns[-1]
        settled = index <= last
        state[settled] = self.recession_indicator(index)[settled]
        if not in_recession:
            state[(index > last) & (index <= day - self._wait)] = False
        return state

    @property
    def _wait(self) -> pd.DateOffset:
        return pd.DateOffset(months=self.longest_wait)

    def _announced_turns(self, recession: Recession, day: pd.Timestamp) -> list[tuple[pd.Timestamp, bool]]:
        """The recession's turning points announced by `day`, each with whether a recession follows it."""
        turns = [
            (recession.peak, recession.peak_announced, True),
            (recession.trough, recession.trough_announced, False),
        ]
        return [
            (month, follows)
            for month, said, follows in turns
            if month is not None and (said or month + self._wait) <= day
        ]
