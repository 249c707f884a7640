"""The panel as known on any day, for many days of one history: only what a day changed is made again."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.errors import MacroCycleError
from macro_cycle.features.columns import NOTHING, Columns, Observations
from macro_cycle.features.feature_set import FeatureSet
from macro_cycle.observations.catalog import Catalog
from macro_cycle.observations.frequencies import Frequency, infer_frequency, is_foreseen, month_number, month_start

DAYS_KEPT = 128


class RealTimePanels:
    """The panels of a history: `on(day)` is what `build_panel` makes of the rows that were known on that day.

    history: `series_id, date, value, realtime_start, realtime_end` (NaT: current), as `Warehouse.history` gives them;
    a value counts from realtime_start until before realtime_end. Days in order are the fast ones.
    """

    def __init__(self, history: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> None:
        self._names = list(feature_set.names)
        self._series = {s.series_id: s for s in _series(history, catalog, feature_set)}
        if not self._series:
            raise MacroCycleError(f"the history holds nothing of {', '.join(feature_set.series_ids)}")
        months = np.concatenate([series.span for series in self._series.values()])
        grid = np.arange(months.min(), months.max() + 12)
        self._index = pd.DatetimeIndex(month_start(grid), freq="MS", name="reference_month")
        self._columns = Columns(catalog, feature_set, grid, self._observed)
        self._states: dict[str, int] = {}
        self._asked = 0

    def _observed(self, name: str, state: int) -> Observations:
        series = self._series.get(name)
        return NOTHING if series is None else series.observed(state)

    def days(self, after: pd.Timestamp, until: pd.Timestamp) -> pd.DatetimeIndex:
        """Days after the first and up to the second on which a value of a series came, changed or was withdrawn."""
        moments = np.unique(np.concatenate([series.moments for series in self._series.values()]))
        return pd.DatetimeIndex(moments[(moments > after.to_datetime64()) & (moments <= until.to_datetime64())])

    def on(self, day: pd.Timestamp) -> pd.DataFrame:
        """The panel as known on `day`.

        Raises:
            MacroCycleError: there is none, as `build_panel` says.
        """
        self._asked += 1
        if self._asked % DAYS_KEPT == 0:
            self._columns.forget()
        states = {name: series.state(day) for name, series in self._series.items()}
        months, values = self._columns.panel(states)
        if not len(months):
            raise MacroCycleError(
                f"too little was known on {day:%Y-%m-%d} to compute a single change; take a later day"
            )
        first = int(months[0] - self._columns.months[0])
        return pd.DataFrame(values, self._index[first : first + len(months)], self._names)

    def changed(self, after: pd.Timestamp, until: pd.Timestamp) -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
        """The days in that span on which the panel became another one, and the panels; a day without any is left out.

        Raises nothing: on a day on which none can be built the one before stands.
        """
        last = self.or_none(after)
        for day in self.days(after, until):
            panel = self.or_none(day)
            if panel is not None and (last is None or not _same(panel, last)):
                yield day, panel
                last = panel

    def or_none(self, day: pd.Timestamp) -> pd.DataFrame | None:
        """As `on`, None where it raises."""
        try:
            return self.on(day)
        except MacroCycleError:
            return None


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two panels of the same columns are equal."""
    a, b = one.to_numpy(), other.to_numpy()
    return a.shape == b.shape and one.index[0] == other.index[0] and np.array_equal(a, b, equal_nan=True)


class _Series:
    """One series' rows by date, and the moments at which one begins or ceases to be known."""

    def __init__(self, series_id: str, rows: pd.DataFrame, catalog: Catalog) -> None:
        self.series_id, self._declared = series_id, catalog.spec(series_id).frequency
        rows = rows.sort_values(["date", "realtime_start"], kind="stable")
        self._dates = rows["date"].to_numpy("datetime64[ns]")
        self._values = rows["value"].to_numpy(float)
        self._start = rows["realtime_start"].to_numpy("datetime64[ns]")
        end = rows["realtime_end"].to_numpy("datetime64[ns]")
        self._end = np.where(np.isnat(end), np.datetime64("2262-01-01", "ns"), end)
        self.moments: NDArray[np.datetime64] = np.unique(np.concatenate([self._start, end[~np.isnat(end)]]))
        self._projections: dict[Frequency, NDArray[np.bool_]] = {}
        self.span: NDArray[np.int64] = month_number(pd.DatetimeIndex(self._dates[[0, -1]]))

    def state(self, day: pd.Timestamp) -> int:
        """How many of the moments have passed on `day`."""
        return int(np.searchsorted(self.moments, day.to_datetime64(), side="right"))

    def observed(self, state: int) -> Observations:
        """What is known after so many moments, without values published before what they stand for had begun."""
        if state == 0:
            return self._dates[:0], self._values[:0]
        moment = self.moments[state - 1]
        known = (self._start <= moment) & (moment < self._end) & ~np.isnan(self._values)
        known &= ~self._foreseen(infer_frequency(pd.DatetimeIndex(self._dates[known]), self._declared))
        return self._dates[known], self._values[known]

    def _foreseen(self, frequency: Frequency) -> NDArray[np.bool_]:
        """Which of all rows are projections, by the frequency that the dates known so far show."""
        if frequency not in self._projections:
            dates, start = pd.DatetimeIndex(self._dates), pd.DatetimeIndex(self._start)
            self._projections[frequency] = is_foreseen(dates, start, frequency)
        return self._projections[frequency]


def _series(history: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> Iterator[_Series]:
    canonical = history["series_id"].map({name: catalog.canonical_id(name) for name in history["series_id"].unique()})
    for series_id, rows in history.groupby(canonical, sort=False):
        if series_id in feature_set.series_ids:
            yield _Series(str(series_id), rows, catalog)
