"""Panels of which each series is taken from the earlier or the later of two as-of frames, or from between them.

Between two days a series gains observations (new) and has known ones changed or withdrawn (revised). A choice says
for each series which of the two have happened; parts that two choices share are computed once.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.features.feature_set import Feature, FeatureSet
from macro_cycle.features.panel import Changes, changes, combined, member, months_of, on_months, series_histories
from macro_cycle.observations.catalog import Catalog
from macro_cycle.observations.frequencies import month_number

NEW, REVISED = 1, 2
"""What may have happened to a series since the earlier day; both is their sum, neither is 0."""

Observations = tuple[NDArray[np.datetime64], NDArray[np.float64]]
Choice = Mapping[str, int]


class Mixture:
    """Panels between the as-of frames `earlier` and `later` (columns `series_id, date, value`).

    A choice maps series to what has happened to them, nothing where it is silent: `panel({})` is the panel of the
    earlier frame and `panel(updates)` that of the later one.
    """

    def __init__(self, earlier: pd.DataFrame, later: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> None:
        self._catalog, self._features = catalog, feature_set.features
        before, after = (
            {s: (dates.to_numpy(), values) for s, dates, values in series_histories(frame, catalog, wanted)}
            for wanted in [feature_set.series_ids]
            for frame in (earlier, later)
        )
        self._merged = {
            s: _merge(before.get(s, _NOTHING), after.get(s, _NOTHING)) for s in sorted(before.keys() | after.keys())
        }
        self._changes: dict[tuple[str, bool, int], Changes] = {}
        self._members: dict[tuple[str, str, int], NDArray[np.float64] | None] = {}
        self._columns: dict[tuple[str, tuple[int, ...]], NDArray[np.float64]] = {}

    @cached_property
    def updates(self) -> dict[str, int]:
        """All that happened to each series; those to which nothing happened are left out."""
        found = {s: NEW * new.any() + REVISED * revised.any() for s, (*_, new, revised) in self._merged.items()}
        return {s: int(update) for s, update in found.items() if update}

    def panel(self, choice: Choice, until: int | None = None) -> NDArray[np.float64]:
        """(T, D) values after the chosen updates: the panel that `build_panel` makes of those observations.

        With `until`, a month's number, it ends there: later months are cut off, months not known yet are NaN.
        """
        values = self._values(choice)
        known = months_of(values, self._features)
        if until is None:
            return values[known[0] : known[-1] + 1]
        length = until - int(self._months[0]) + 1
        beyond = np.full((max(length - len(values), 0), values.shape[1]), np.nan)
        return np.concatenate([values[known[0] : length], beyond])

    def newest_month(self, choice: Choice) -> int:
        """Number of the last month of which any feature is known after the chosen updates."""
        return int(self._months[months_of(self._values(choice), self._features)[-1]])

    def _values(self, choice: Choice) -> NDArray[np.float64]:
        """(T, D) columns up to the last period of any series."""
        ends = [
            at[-1]
            for feature in self._features
            for s in feature.series_ids
            if s in self._merged and len(at := self._changes_of(feature, s, choice.get(s, 0))[0])
        ]
        length = int(max(ends) - self._months[0]) + 1
        return np.column_stack([self._column(feature, choice)[:length] for feature in self._features])

    @cached_property
    def _months(self) -> NDArray[np.int64]:
        spans = [month_number(pd.DatetimeIndex(dates[[0, -1]])) for dates, *_ in self._merged.values()]
        return np.arange(min(s[0] for s in spans), max(s[1] for s in spans) + 12)

    def _column(self, feature: Feature, choice: Choice) -> NDArray[np.float64]:
        chosen = tuple(choice.get(s, 0) for s in feature.series_ids)
        key = (feature.name, chosen)
        if key not in self._columns:
            found = [self._member(feature, s, update) for s, update in zip(feature.series_ids, chosen, strict=True)]
            members = [column for column in found if column is not None]
            enough = len(members) == len(found) if feature.weights is not None else bool(members)
            self._columns[key] = combined(feature, members) if enough else np.full(len(self._months), np.nan)
        return self._columns[key]

    def _member(self, feature: Feature, series_id: str, update: int) -> NDArray[np.float64] | None:
        """The series on the panel's months as the feature takes it, or None where nothing of it is known."""
        key = (feature.name, series_id, update)
        if key not in self._members:
            at, values = self._changes_of(feature, series_id, update)
            self._members[key] = member(feature, on_months(self._months, at, values)) if len(at) else None
        return self._members[key]

    def _changes_of(self, feature: Feature, series_id: str, update: int) -> Changes:
        key = (series_id, levels := feature.weights is not None, update)
        if key not in self._changes:
            dates, values = self._observations(series_id, update)
            self._changes[key] = changes(pd.DatetimeIndex(dates), values, self._catalog.spec(series_id), levels)
        return self._changes[key]

    def _observations(self, series_id: str, update: int) -> Observations:
        if series_id not in self._merged:
            return _NOTHING
        dates, before, after, new, revised = self._merged[series_id]
        happened = (new & bool(update & NEW)) | (revised & bool(update & REVISED))
        values = np.where(happened, after, before)
        known = ~np.isnan(values)
        return dates[known], values[known]


_NOTHING: Observations = (np.array([], "datetime64[ns]"), np.array([], float))
_Merged = tuple[NDArray[np.datetime64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]


def _merge(before: Observations, after: Observations) -> _Merged:
    """Dates known on either day, the values on each (NaN where unknown), and which are new and which revised."""
    dates = np.union1d(before[0], after[0])
    then, now = (_at(dates, *known) for known in (before, after))
    new = np.isnan(then) & ~np.isnan(now)
    return dates, then, now, new, ~np.isnan(then) & (then != now)


def _at(
    dates: NDArray[np.datetime64], known: NDArray[np.datetime64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    out = np.full(len(dates), np.nan)
    out[np.searchsorted(dates, known)] = values
    return out
