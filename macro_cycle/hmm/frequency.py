"""How far apart the rows of a panel lie: a frequency, read off an offset's name or inferred from days.

Here: counting days in months, weeks, business days or days, and back. Not here: indices and panels
(`time_index.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError

CODES = {
    **dict.fromkeys(("M", "MS", "ME", "BMS", "BME"), ("month", 1)),
    **dict.fromkeys(("Q", "QS", "QE", "BQS", "BQE"), ("month", 3)),
    **dict.fromkeys(("Y", "A", "YS", "YE", "BYS", "BYE"), ("month", 12)),
    "W": ("week", 1),
    "B": ("business day", 1),
    "D": ("day", 1),
}
UNITS = ("month", "week", "business day", "day")
LONGER_STEPS = (3, 6, 12)  # quarters, half-years and years; rows two months apart are months with gaps
THURSDAY = np.datetime64("1970-01-01")


@dataclass(frozen=True)
class Frequency:
    """One step of the chain: `step` times the unit, which is one of `UNITS`."""

    unit: str
    step: int = 1

    def __str__(self) -> str:
        return self.unit if self.step == 1 else f"{self.step} {self.unit}s"

    @classmethod
    def of_offset(cls, offset: pd.tseries.offsets.BaseOffset) -> Frequency | None:
        """The frequency of pandas' offset (`MS`, `BQE-DEC`, `2W-FRI`, ...); None for one that is not a calendar's."""
        named = re.fullmatch(r"(\d*)([A-Z]+)(-[A-Z]+)?", offset.freqstr)
        if named is None or named[2] not in CODES:
            return None
        unit, step = CODES[named[2]]
        step *= int(named[1] or 1)
        return cls("week", step // 7) if unit == "day" and step % 7 == 0 else cls(unit, step)

    @classmethod
    def from_document(cls, document: Any) -> Frequency:
        """The frequency that `to_document` wrote."""
        if isinstance(document, Mapping) and set(document) == {"unit", "step"} and document["unit"] in UNITS:
            step = document["step"]
            if isinstance(step, int) and not isinstance(step, bool) and step > 0:
                return cls(document["unit"], step)
        raise MacroCycleError(f"frequency is {document!r}: it must be a unit ({', '.join(UNITS)}) and a positive step")

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        return asdict(self)


def infer_frequency(days: np.ndarray) -> Frequency:
    """The frequency of unordered days (n,), datetime64[D], of which some may be absent; months if there is one only.

    Raises MacroCycleError when the rows lie neither days, weeks nor months apart.
    """
    distinct = np.unique(days)
    if len(distinct) == 1:
        return Frequency("month")
    apart = float(np.median(np.diff(distinct).astype(np.int64)))
    if apart >= 26:
        step = _most_common(np.diff(np.unique(_months(distinct))))
        return Frequency("month", step if step in LONGER_STEPS else 1)
    if 5 <= apart <= 9:
        return Frequency("week")
    if apart < 5:
        return Frequency("business day" if np.is_busday(distinct).all() else "day")
    raise MacroCycleError(
        f"the rows of the panel lie about {apart:.0f} days apart: give one row a day, week, month, quarter or year"
    )


@dataclass(frozen=True)
class Calendar:
    """Days counted in a unit, and the day of the unit on which a panel's days lie.

    unit: one of `UNITS`. like: (n,) datetime64[D], the panel's own days.
    """

    unit: str
    like: np.ndarray

    def numbers(self) -> np.ndarray:
        """(n,) running number of the month, week, business day or day of `like`.

        Raises MacroCycleError for a weekend among business days.
        """
        if self.unit == "month":
            return _months(self.like)
        if self.unit == "week":
            return (self.like.astype(np.int64) - self._weekday + 3) // 7
        if self.unit == "day":
            return self.like.astype(np.int64)
        if not (weekdays := np.is_busday(self.like)).all():
            weekend = self.like[~weekdays][0]
            raise MacroCycleError(f"{weekend} is no business day, the frequency of the panel: drop the row")
        return np.busday_count(THURSDAY, self.like)

    def days(self, numbers: np.ndarray) -> np.ndarray:
        """(m,) datetime64[D]: the days of `numbers`, on the same day of their month or week as `like`."""
        if self.unit == "week":
            return (numbers * 7 + self._weekday).astype("datetime64[D]")
        if self.unit == "day":
            return numbers.astype("datetime64[D]")
        if self.unit == "business day":
            return np.busday_offset(THURSDAY, numbers)
        return self._days_of_months(numbers.astype("datetime64[M]"))

    @property
    def _weekday(self) -> int:
        """Most common weekday, counted from Thursday."""
        return _most_common(self.like.astype(np.int64) % 7)

    def _days_of_months(self, months: np.ndarray) -> np.ndarray:
        own = self.like.astype("datetime64[M]")
        for day_of in (_first, _last, _last_business, _first_business):
            if (day_of(own) == self.like).all():
                return np.asarray(day_of(months))
        day = _most_common((self.like - _first(own)).astype(np.int64))
        return np.minimum(_first(months) + day, _last(months))


def _months(days: np.ndarray) -> np.ndarray:
    return days.astype("datetime64[M]").astype(np.int64)


def _first(months: np.ndarray) -> np.ndarray:
    return months.astype("datetime64[D]")


def _last(months: np.ndarray) -> np.ndarray:
    return (months + 1).astype("datetime64[D]") - 1


def _first_business(months: np.ndarray) -> np.ndarray:
    return np.busday_offset(_first(months), 0, roll="forward")


def _last_business(months: np.ndarray) -> np.ndarray:
    return np.busday_offset(_last(months), 0, roll="backward")


def _most_common(numbers: np.ndarray) -> int:
    """The most frequent number; of several the smallest, 0 of none."""
    values, counts = np.unique(numbers, return_counts=True)
    return int(values[counts.argmax()]) if len(values) else 0
