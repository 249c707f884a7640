"""Judgements about a history of observations: what is wrong with it, from when to when, and what to do.

Every rule looks at the history of a series once and yields findings that hold for a span of as-of days, so that
judging a month, or six hundred of them, is a comparison of days.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.observations.calendar import first_releases, frequency_of, gaps, lateness
from macro_cycle.observations.catalog import Catalog, SeriesSpec
from macro_cycle.observations.frequencies import is_foreseen, is_monthly_mean, month_number, months_per_period
from macro_cycle.observations.revisions import rebasings, records, revisions
from macro_cycle.observations.robust import NORMAL_IQR

COLUMNS = ["series_id", "rule", "since", "until", "message"]
Finding = tuple["Rule", Any, Any, str]  # rule, since, until, message

BEGINNING = pd.Timestamp("1700-01-01")
YEAR = pd.Timedelta(days=365)
LARGE_REVISION = 8.0  # robust deviations of the series' own changes from one period to the next
LARGE_JUMP = 15.0


class Rule(StrEnum):
    """What can be found."""

    unpublished = "unpublished"
    implausible = "implausible"
    mixed_base = "mixed_base"
    repeated_period = "repeated_period"
    late = "late"
    discontinued = "discontinued"
    gap = "gap"
    foreign_dates = "foreign_dates"
    foreseen = "foreseen"
    withdrawn = "withdrawn"
    rebased = "rebased"
    large_revision = "large_revision"
    jump = "jump"

    @property
    def blocks(self) -> bool:
        """Whether a model trained on such data would be wrong; else a person should look."""
        return self in (Rule.unpublished, Rule.implausible, Rule.mixed_base, Rule.repeated_period)


def findings(history: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str]) -> pd.DataFrame:
    """Everything to be said about these series of a history (the frame of `Warehouse.history`).

    One row per finding: series_id; rule, a `Rule`; `since`, the first as-of day on which it holds; `until`, the first
    on which it no longer does (NaT: it still does); message: series, dates and what to do.
    """
    own = dict(iter(history.groupby("series_id", sort=False)))
    nothing = history.iloc[:0]
    rows = [
        (series_id, *finding)
        for series_id in series_ids
        for finding in _of_one(own.get(series_id, nothing), catalog.spec(series_id))
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"since": "datetime64[ns]", "until": "datetime64[ns]"})


def impossible(history: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str]) -> list[str]:
    """What no value can be, or no two values, whatever is known of the rest of the series."""
    known = history[history["value"].notna()]
    own = dict(iter(known.groupby("series_id", sort=False)))
    return [
        message
        for series_id in series_ids
        if series_id in own
        for faults in (_implausible, _dates)
        for rule, _, _, message in faults(own[series_id], catalog.spec(series_id))
        if rule.blocks
    ]


def holding_on(found: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The findings that hold for the as-of day."""
    return found[(found["since"] <= day) & ~(found["until"] <= day)]


def _of_one(history: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    """Findings of one series; a series without a value has nothing else to be said about it."""
    known = history[history["value"].notna()]
    if known.empty:
        message = f"{spec.series_id} has no observation; see that the source holds it, or leave it out of the features"
        yield Rule.unpublished, BEGINNING, pd.NaT, message
        return
    if spec.begins is None or known["date"].min() > pd.Timestamp(spec.begins):
        first = known["realtime_start"].min()
        message = f"{spec.series_id} was first published on {_day(first)}; begin later, or import older vintages of it"
        yield Rule.unpublished, BEGINNING, first, message
    yield from _implausible(known, spec)
    yield from _dates(known, spec)
    yield from _foreseen(known, spec)
    yield from _late(known, spec)
    yield from _gaps(known, spec)
    yield from _revisions(history, spec)
    yield from _jumps(known, spec)


def _implausible(known: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    low, high = spec.bounds or (-np.inf, np.inf)
    value = known["value"]
    not_positive = (value <= 0) if spec.tcode is not None and spec.tcode >= 4 else pd.Series(False, value.index)
    bad = known[(value < low) | (value > high) | not_positive]
    for _, rows in _by_day(bad):
        first = rows.iloc[0]
        allowed = f"outside {low:g} to {high:g}" if spec.bounds else "not positive, which its growth rate needs"
        message = (
            f"{spec.series_id} {_period(first['date'])} is {first['value']:g}{_and_more(len(rows))}: {allowed}; "
            f"look for an error or another unit at the source, else widen `bounds` or change `tcode` in the catalogue"
        )
        yield Rule.implausible, first["realtime_start"], rows["realtime_end"].max(skipna=False), message


def _dates(known: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    """Two values for one period; or monthly means among weeks, as when two sources were loaded into one store."""
    released = first_releases(known)
    dates = pd.DatetimeIndex(released.index)
    frequency = frequency_of(dates, spec)
    if frequency in ("D", "W"):
        foreign = released[is_monthly_mean(dates)] if frequency == "W" else released.iloc[:0]
        if len(foreign):
            message = (
                f"{spec.series_id} {_day(foreign.index[0])}{_and_more(len(foreign))} lies between two weeks that "
                f"follow each other: taken for a monthly mean and left out; two sources are in one store"
            )
            since = max(foreign.min(), released.drop(foreign.index).min())
            yield Rule.foreign_dates, since, pd.NaT, message
        return
    period = month_number(dates) // months_per_period(frequency)
    for position in np.flatnonzero(np.diff(period) == 0).tolist():
        one, other = dates[position], dates[position + 1]
        message = (
            f"{spec.series_id} has two values for one period, {_day(one)} and {_day(other)}; two sources were loaded "
            f"into one store, or `frequency` is wrong in the catalogue"
        )
        yield Rule.repeated_period, released.iloc[position : position + 2].max(), pd.NaT, message


def _foreseen(known: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    """Projections: values published before what they stand for had begun."""
    dates = pd.DatetimeIndex(known["date"])
    frequency = frequency_of(dates.unique().sort_values(), spec)
    foreseen = known[is_foreseen(dates, pd.DatetimeIndex(known["realtime_start"]), frequency)]
    for day, rows in _by_day(foreseen):
        message = (
            f"{spec.series_id} runs to {_period(rows['date'].max())}: {len(rows)} values published on {_day(day)}, "
            f"before what they stand for had begun, are projections and are left out"
        )
        yield Rule.foreseen, day, rows["realtime_end"].max(skipna=False), message


def _late(known: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    for row in records(lateness(known, spec)):
        due, ended = f"{spec.series_id} {_period(row.period)} was expected by {_day(row.expected)}", row.since + YEAR
        came_in_time = row.until <= ended
        message = f"{due} and has not come; fetch again, or look at the source's calendar"
        yield Rule.late, row.since, row.until if came_in_time else ended, message
        if not came_in_time:
            message = f"{due} and did not come for a year; the series has ended or moved: name its successor"
            yield Rule.discontinued, ended, row.until, message


def _gaps(known: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    """Skipped periods, reported until they come, at most for a year."""
    for row in records(gaps(known, spec)):
        message = (
            f"{spec.series_id} {_period(row.period)} is missing between periods that are known; nothing is filled in"
        )
        yield Rule.gap, row.since, min(row.since + YEAR, pd.Timestamp.max if pd.isna(row.until) else row.until), message


def _revisions(history: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    revised = revisions(history)
    if revised.empty:
        return
    moved = rebasings(history, revised)
    yield from _withdrawn(revised, spec)
    yield from _rebased(moved, spec)
    yield from _large(history, revised[~revised["realtime_start"].isin(moved["realtime_start"])], spec)


def _withdrawn(revised: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    gone = revised[revised["value"].isna() & revised["before"].notna()]
    for day, rows in _by_day(gone):
        what = f"{_period(rows['date'].min())}{_and_more(len(rows))}"
        message = f"{spec.series_id} {what} was withdrawn on {_day(day)}; it is missing from then on"
        yield Rule.withdrawn, day, _next_month(day), message


def _rebased(moved: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    for row in records(moved):
        day, what = row.realtime_start, "other units" if _is_unit(row.factor) else "another base"
        how = f"{spec.series_id}: on {_day(day)} {row.values} values were put on {what} (x {row.factor:.4g})"
        yield Rule.rebased, day, _next_month(day), f"{how}; growth rates inside one vintage do not change"
        if row.left:
            message = f"{how} and {row.left} were left: their change at the seam is false; load the whole vintage"
            yield Rule.mixed_base, day, row.until, message


def _large(history: pd.DataFrame, revised: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    scale = _scale(_changes(_current(history), spec))
    size = _difference(revised["value"], revised["before"], spec).abs() / scale
    large = revised.assign(size=size)[size > LARGE_REVISION]
    for day, rows in _by_day(large):
        worst = rows.sort_values("size").iloc[-1]
        change = f"{_period(worst['date'])} from {worst['before']:g} to {worst['value']:g}{_and_more(len(rows))}"
        message = (
            f"{spec.series_id}: the release of {_day(day)} revised {change}, {worst['size']:.0f} robust deviations of "
            f"its usual change; a benchmark revision, or an error at the source"
        )
        yield Rule.large_revision, day, _next_month(day), message


def _jumps(known: pd.DataFrame, spec: SeriesSpec) -> Iterator[Finding]:
    current = _current(known)
    changes = _changes(current, spec)
    size = changes.abs() / _scale(changes)
    released = first_releases(known)
    news = released[released - released.index < YEAR].index
    for date in size.index[size > LARGE_JUMP].intersection(news):
        message = (
            f"{spec.series_id} {_period(date)} is {current[date]:g}, a change of {size[date]:.0f} robust deviations; "
            f"an extraordinary month, or an error at the source"
        )
        yield Rule.jump, released[date], _next_month(released[date]), message


def _by_day(rows: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The rows of each day of release."""
    return iter(rows.groupby("realtime_start"))


def _current(history: pd.DataFrame) -> pd.Series:
    """The newest values by date."""
    return history[history["realtime_end"].isna() & history["value"].notna()].set_index("date")["value"]


def _changes(values: pd.Series, spec: SeriesSpec) -> pd.Series:
    return _difference(values, values.shift(), spec)


def _difference(value: pd.Series, before: pd.Series, spec: SeriesSpec) -> pd.Series:
    """Log ratios of a series that grows, differences of one that does not."""
    if spec.tcode is not None and spec.tcode < 4:
        return value - before
    positive = (value > 0) & (before > 0)
    return pd.Series(np.log(value.where(positive) / before.where(positive)), value.index)


def _scale(changes: pd.Series) -> float:
    """Robust deviation of a series' changes; NaN where it has none to speak of."""
    deviation = float(changes.quantile(0.75) - changes.quantile(0.25)) / NORMAL_IQR
    return deviation if deviation > 0 else np.nan


def _is_unit(factor: float) -> bool:
    """Whether a factor is a power of ten, other than one, up to the revisions of the same day."""
    power = np.log10(factor)
    return bool(abs(power) > 0.5 and abs(power - round(power)) < 0.01)


def _next_month(day: pd.Timestamp) -> pd.Timestamp:
    """First day of the month after: what happened on `day` is reported by the month end that follows it."""
    return day + pd.offsets.MonthBegin(1)


def _day(day: pd.Timestamp) -> str:
    return f"{day:%Y-%m-%d}"


def _period(date: pd.Timestamp) -> str:
    return f"{date:%Y-%m}" if date.day == 1 else f"{date:%Y-%m-%d}"


def _and_more(count: int) -> str:
    return "" if count == 1 else f" (and {count - 1} more)"
