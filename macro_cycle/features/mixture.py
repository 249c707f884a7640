"""Panels of which each series is taken from the earlier or the later of two as-of frames, or from between them.

Between two days a series gains observations (new) and has known ones changed or withdrawn (revised). A choice says
for each series which of the two have happened; parts that two choices share are computed once (`columns`).
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.features.columns import NOTHING, Columns, Observations
from macro_cycle.features.feature_set import FeatureSet
from macro_cycle.features.panel import series_histories
from macro_cycle.observations.catalog import Catalog
from macro_cycle.observations.frequencies import month_number

NEW, REVISED = 1, 2
"""What may have happened to a series since the earlier day; both is their sum, neither is 0."""

Choice = Mapping[str, int]


class Mixture:
    """Panels between the as-of frames `earlier` and `later` (columns `series_id, date, value`).

    A choice maps series to what has happened to them, nothing where it is silent: `panel({})` is the panel of the
    earlier frame and `panel(updates)` that of the later one.
    """

    def __init__(self, earlier: pd.DataFrame, later: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> None:
        before, after = (
            {s: (dates.to_numpy(), values) for s, dates, values in series_histories(frame, catalog, wanted)}
            for wanted in [feature_set.series_ids]
            for frame in (earlier, later)
        )
        self._merged = {
            s: _merge(before.get(s, NOTHING), after.get(s, NOTHING)) for s in sorted(before.keys() | after.keys())
        }
        spans = [month_number(pd.DatetimeIndex(dates[[0, -1]])) for dates, *_ in self._merged.values()]
        months = np.arange(min(s[0] for s in spans), max(s[1] for s in spans) + 12)
        self._columns = Columns(catalog, feature_set, months, self._observations)

    @cached_property
    def updates(self) -> dict[str, int]:
        """All that happened to each series; those to which nothing happened are left out."""
        found = {s: NEW * new.any() + REVISED * revised.any() for s, (*_, new, revised) in self._merged.items()}
        return {s: int(update) for s, update in found.items() if update}

    def panel(self, choice: Choice, until: int | None = None) -> NDArray[np.float64]:
        """(T, D) values after the chosen updates: the panel that `build_panel` makes of those observations.

        With `until`, a month's number, it ends there: later months are cut off, months not known yet are NaN.
        """
        months, values = self._columns.panel(choice)
        if until is None:
            return values
        length = until - int(months[0]) + 1
        if length > len(values):
            values = self._columns.values(choice)[int(months[0] - self._columns.months[0]) :]
        beyond = np.full((max(length - len(values), 0), values.shape[1]), np.nan)
        return np.concatenate([values[:length], beyond])

    def newest_month(self, choice: Choice) -> int:
        """Number of the last month of which any feature is known after the chosen updates."""
        return int(self._columns.panel(choice)[0][-1])

    def _observations(self, series_id: str, update: int) -> Observations:
        if series_id not in self._merged:
            return NOTHING
        dates, before, after, new, revised = self._merged[series_id]
        happened = (new & bool(update & NEW)) | (revised & bool(update & REVISED))
        values = np.where(happened, after, before)
        known = ~np.isnan(values)
        return dates[known], values[known]


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
