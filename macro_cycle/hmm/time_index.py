"""Time is read as time: any index of a panel becomes one regular, ascending sequence of periods, or one clear line.

Rows may come in any order. A period between the first and the last that has no row becomes a row without
values, which the model integrates out; two rows of one period are refused. Dates may stand for their period by its
first, last or any other day; new dates (gaps, forecasts) follow the same custom.

Whole numbers count periods; an array's rows are numbered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.frequency import Calendar, Frequency, infer_frequency

ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([T ].*)?)?")
QUARTER = re.compile(r"\d{4}-?Q[1-4]")
YEARS = (1500, 2999)  # of dates that someone wrote as numbers
MOST_PERIODS_PER_ROW, MOST_PERIODS_ANYWAY = 10, 120  # more are a wrong date, not a gap
EXAMPLE = "give dates, periods (pd.PeriodIndex) or whole numbers"


@dataclass(frozen=True)
class Timeline:
    """T regular periods and where a panel's rows belong among them.

    index: (T,) ascending, one entry a period. rows: (n,) place of each given row; None when they are in place
    already. frequency: what one step is; None when the index only counts.
    """

    index: pd.Index
    rows: np.ndarray | None
    frequency: Frequency | None

    @property
    def has_gaps(self) -> bool:
        """Whether some period has no row."""
        return self.rows is not None and len(self.rows) < len(self.index)

    def arrange(self, values: np.ndarray) -> np.ndarray:
        """(T, D) values (n, D) in the order of time, NaN where a period has no row."""
        if self.rows is None:
            return values
        arranged = np.full((len(self.index), values.shape[1]), np.nan)
        arranged[self.rows] = values
        return arranged


@dataclass(frozen=True)
class _Count:
    """An index as numbers (n,), `step` of which are one period, and the way back from numbers to entries.

    named: a number in a message.
    """

    numbers: np.ndarray
    step: int
    frequency: Frequency | None
    entries: Callable[[np.ndarray], pd.Index]
    named: Callable[[int], str]


def read_time(index: pd.Index, frequency: Frequency | None = None) -> Timeline:
    """The timeline of an index; `frequency` is that of a fitted model, by default the index's own.

    Raises MacroCycleError for entries without a date, periods that stand twice, dates off the frequency and
    indices that tell no time.
    """
    if len(index) == 0 or (isinstance(index, pd.RangeIndex) and index.step == 1):
        return Timeline(index, None, None)
    if (own := _frequency_of(index)) is not None and frequency in (None, own):
        return Timeline(index, None, own)
    count = _count(index, frequency)
    places = _places(count, len(index))
    length = int(places.max()) + 1
    if length == len(index) and (np.diff(places) > 0).all():
        return Timeline(_read_dates(index), None, count.frequency)
    return Timeline(_ordered(index, count, places, length), places, count.frequency)


def periods_after(index: pd.Index, steps: int, frequency: Frequency | None = None) -> pd.Index:
    """The `steps` periods after the last of a timeline's index, of its kind."""
    if isinstance(index, pd.RangeIndex):
        return pd.RangeIndex(index.stop, index.stop + steps, name=index.name)
    if _frequency_of(index) is not None:
        assert isinstance(index, pd.DatetimeIndex)
        return pd.date_range(index[-1], periods=steps + 1, freq=index.freq, name=index.name, unit=index.unit)[1:]
    count = _count(index, frequency)
    return count.entries(count.numbers[-1] + count.step * np.arange(1, steps + 1))


def _frequency_of(index: pd.Index) -> Frequency | None:
    """The frequency that an ascending, gapless index of dates carries with it."""
    if not isinstance(index, pd.DatetimeIndex) or index.freq is None or index.freq.n < 1:
        return None
    return Frequency.of_offset(index.freq)


def _places(count: _Count, n: int) -> np.ndarray:
    """(n,) place of each row among the periods from the first to the last."""
    order = np.argsort(count.numbers, kind="stable")
    numbers = count.numbers[order]
    gaps = np.diff(numbers)
    if (twice := np.flatnonzero(gaps == 0)).size:
        first, second = sorted(order[twice[0] : twice[0] + 2].tolist())
        where = count.named(int(numbers[twice[0]]))
        raise MacroCycleError(f"rows {first} and {second} of the panel both stand for {where}: keep one row a period")
    if (off := np.flatnonzero(gaps % count.step)).size:
        before, after = (count.named(int(numbers[i])) for i in (off[0], off[0] + 1))
        raise MacroCycleError(
            f"the step is {count.frequency}, but {after} follows {before} in the panel: correct the date, or give the "
            "frequency (panel.asfreq, pd.PeriodIndex)"
        )
    places = (count.numbers - numbers[0]) // count.step
    if places.max() >= MOST_PERIODS_PER_ROW * n + MOST_PERIODS_ANYWAY:
        first, last = count.named(int(numbers[0])), count.named(int(numbers[-1]))
        raise MacroCycleError(
            f"the panel's {n} rows run from {first} to {last}, {places.max() + 1} periods: correct the index"
        )
    return places


def _ordered(index: pd.Index, count: _Count, places: np.ndarray, length: int) -> pd.Index:
    """All periods; given dates stand as they were given, even where they follow no custom."""
    entries = count.entries(count.numbers.min() + count.step * np.arange(length))
    if not isinstance(entries, pd.DatetimeIndex):
        return entries
    given, source = np.zeros(length, dtype=bool), np.zeros(length, dtype=np.int64)
    given[places], source[places] = True, np.arange(len(places))
    merged = pd.DatetimeIndex(_read_dates(index).take(source).where(given, entries))
    return pd.DatetimeIndex(merged, freq="infer") if length > 2 else merged


def _count(index: pd.Index, frequency: Frequency | None) -> _Count:
    read = _read_dates(index)
    if isinstance(read, pd.PeriodIndex):
        return _count_periods(read, frequency)
    if isinstance(read, pd.DatetimeIndex):
        return _count_dates(read, frequency)
    numbers = np.asarray(read, dtype=np.int64)
    _refuse_dates_as_numbers(numbers)

    def entries(wanted: np.ndarray) -> pd.Index:
        return pd.RangeIndex(int(wanted[0]), int(wanted[-1]) + 1, name=index.name)

    return _Count(numbers, 1, None, entries, lambda number: f"number {number}")


def _count_dates(dates: pd.DatetimeIndex, frequency: Frequency | None) -> _Count:
    wall = dates.tz_localize(None).to_numpy()
    days = wall.astype("datetime64[D]")
    frequency = frequency or _frequency_of(dates) or infer_frequency(days)
    calendar = Calendar(frequency.unit, days)
    times = np.unique(wall - days)
    time = times[0] if len(times) == 1 else np.timedelta64(0, "s")

    def entries(numbers: np.ndarray) -> pd.Index:
        stamps = pd.DatetimeIndex((calendar.days(numbers) + time).astype(wall.dtype), name=dates.name)
        if dates.tz is None:
            return stamps
        return stamps.tz_localize(dates.tz, ambiguous=np.ones(len(stamps), dtype=bool), nonexistent="shift_forward")

    def named(number: int) -> str:
        day = calendar.days(np.array([number]))[0]
        return str(day.astype("datetime64[M]") if frequency.unit == "month" else day)

    return _Count(calendar.numbers(), frequency.step, frequency, entries, named)


def _count_periods(periods: pd.PeriodIndex, frequency: Frequency | None) -> _Count:
    assert periods.freq is not None
    dtype = pd.PeriodDtype(periods.freqstr)
    unit, own = Frequency.of_offset(periods.freq.base), Frequency.of_offset(periods.freq)
    if unit is None or own is None:
        raise MacroCycleError(
            f"the panel holds periods of {periods.freqstr}: give days, weeks, months, quarters or years"
        )
    frequency = frequency or own
    if frequency.unit != unit.unit or frequency.step % unit.step:
        raise MacroCycleError(f"the panel holds periods of {periods.freqstr}, the model's step is {frequency}")

    def entries(numbers: np.ndarray) -> pd.Index:
        return pd.PeriodIndex(pd.arrays.PeriodArray(numbers // unit.step, dtype=dtype), name=periods.name)

    numbers = np.asarray(periods.asi8) * unit.step
    return _Count(numbers, frequency.step, frequency, entries, lambda number: str(entries(np.array([number]))[0]))


def _read_dates(index: pd.Index) -> pd.Index:
    """The index as dates, periods or whole numbers."""
    if isinstance(index, pd.MultiIndex):
        raise MacroCycleError(
            f"the index has {index.nlevels} levels: give one sequence at a time, e.g. panel.xs(name), indexed by dates"
        )
    if index.hasnans:
        raise MacroCycleError(f"row {int(index.isna().argmax())} of the panel has no date: date the row or drop it")
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return index
    try:
        return _parsed(index)
    except (ValueError, TypeError, OverflowError):
        raise MacroCycleError(f"the index tells no time, it begins with {str(index[0])[:40]!r}: {EXAMPLE}") from None


def _parsed(index: pd.Index) -> pd.Index:
    kind = pd.api.types.infer_dtype(index)
    if kind == "integer" or (kind == "floating" and (np.asarray(index, dtype=float) % 1 == 0).all()):
        return pd.Index(np.asarray(index, dtype=np.int64), name=index.name)
    if kind in ("date", "datetime", "datetime64"):
        return pd.DatetimeIndex(index)
    if kind == "period":
        return pd.PeriodIndex(index)
    if kind == "string" and all(ISO_DATE.fullmatch(entry) for entry in index):
        return pd.to_datetime(index, format="ISO8601")
    if kind == "string" and all(QUARTER.fullmatch(entry) for entry in index):
        return pd.PeriodIndex(index.astype(object), freq="Q")
    raise ValueError(kind)


def _refuse_dates_as_numbers(numbers: np.ndarray) -> None:
    """Months written as 202001 or days as 20200131 would count as thousands of periods."""
    for months, written in ((numbers, "%Y%m"), (numbers // 100, "%Y%m%d")):
        years, month = months // 100, months % 100
        if ((years >= YEARS[0]) & (years <= YEARS[1]) & (month >= 1) & (month <= 12)).all():
            raise MacroCycleError(
                f"the index holds dates written as numbers, e.g. {numbers[0]}: "
                f"give pd.to_datetime(panel.index.astype(str), format={written!r})"
            )
