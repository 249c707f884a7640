"""The columns of many panels of the same series, each series in a state of its own: what panels share is made once.

Here: from the observations of a state to columns. Not here: what the states are (an update between two days in
`mixture`, a vintage in `real_time`).
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.features.feature_set import Feature, FeatureSet
from macro_cycle.features.panel import Changes, changes, combined, member, months_of, on_months
from macro_cycle.observations.catalog import Catalog

Observations = tuple[NDArray[np.datetime64], NDArray[np.float64]]
"""Dates, ascending, and values of one series."""
States = Mapping[str, int]
"""Series id -> its state; a series of which it is silent is in state 0."""

NOTHING: Observations = (np.array([], "datetime64[ns]"), np.array([], float))


class Columns:
    """Panel values on a grid of months that holds every period of every state.

    observed: the observations of a series in a state. months: numbers of the grid's months, without gaps.
    """

    def __init__(
        self,
        catalog: Catalog,
        feature_set: FeatureSet,
        months: NDArray[np.int64],
        observed: Callable[[str, int], Observations],
    ) -> None:
        self.months = months
        self._catalog, self._features, self._observed = catalog, feature_set.features, observed
        self.forget()

    def forget(self) -> None:
        """Free what was kept for the panels so far."""
        self._changes: dict[tuple[str, bool, int], Changes] = {}
        self._members: dict[tuple[str, str, int], NDArray[np.float64] | None] = {}
        self._columns: dict[tuple[str, tuple[int, ...]], tuple[NDArray[np.float64], int]] = {}

    def panel(self, states: States) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Month numbers (T,) and values (T, D) of the panel that `build_panel` makes of these observations.

        Both are empty where nothing that the regimes emit is known.
        """
        values = self.values(states)
        known = months_of(values, self._features)
        rows = slice(known[0], known[-1] + 1) if len(known) else slice(0)
        return self.months[: len(values)][rows], values[rows]

    def values(self, states: States) -> NDArray[np.float64]:
        """(T, D) columns from the grid's first month to the last period of any series."""
        columns = [self._column(feature, states) for feature in self._features]
        values = np.empty((max(length for _, length in columns), len(columns)))
        for d, (column, _) in enumerate(columns):
            values[:, d] = column[: len(values)]
        return values

    def _column(self, feature: Feature, states: States) -> tuple[NDArray[np.float64], int]:
        """The feature on the whole grid, and the months up to the last period of any of its series."""
        chosen = tuple([states.get(s, 0) for s in feature.series_ids])
        key = (feature.name, chosen)
        if key not in self._columns:
            series = list(zip(feature.series_ids, chosen, strict=True))
            members = [column for s, state in series if (column := self._member(feature, s, state)) is not None]
            enough = len(members) == len(series) if feature.weights is not None else bool(members)
            column = combined(feature, members) if enough else np.full(len(self.months), np.nan)
            periods = [self._changes_of(feature, s, state)[0] for s, state in series]
            ends = [int(at[-1] - self.months[0]) + 1 for at in periods if len(at)]
            self._columns[key] = column, max(ends, default=0)
        return self._columns[key]

    def _member(self, feature: Feature, series_id: str, state: int) -> NDArray[np.float64] | None:
        """The series on the grid as the feature takes it, or None where nothing of it is known."""
        key = (feature.name, series_id, state)
        if key not in self._members:
            at, values = self._changes_of(feature, series_id, state)
            self._members[key] = member(feature, on_months(self.months, at, values)) if len(at) else None
        return self._members[key]

    def _changes_of(self, feature: Feature, series_id: str, state: int) -> Changes:
        key = (series_id, levels := feature.weights is not None, state)
        if key not in self._changes:
            dates, values = self._observed(series_id, state)
            self._changes[key] = changes(pd.DatetimeIndex(dates), values, self._catalog.spec(series_id), levels)
        return self._changes[key]
