"""Panels as they would be if further prints were known, made again only where a print reaches (`columns`).

Here: one vintage and prints added to it. Not here: what lies between two vintages (`mixture`), and what a model would
say of such a panel.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.features.columns import NOTHING, Columns, Observations
from macro_cycle.features.feature_set import FeatureSet
from macro_cycle.features.panel import series_histories
from macro_cycle.observations.catalog import Catalog
from macro_cycle.observations.frequencies import infer_frequency, month_number, regular_periods

YEARS_BEYOND = 5
"""How far after the newest observation a print may lie."""


class Print(NamedTuple):
    """A published value, in the units of its series; `date` is the day that FRED dates the period by."""

    series_id: str
    date: pd.Timestamp
    value: float


class HypotheticalPanels:
    """Panels of what is known (columns `series_id, date, value`) and of prints that are not."""

    def __init__(self, known: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> None:
        self._catalog = catalog
        self._histories: dict[str, Observations] = {
            s: (dates.to_numpy()[~np.isnan(values)], values[~np.isnan(values)])
            for s, dates, values in series_histories(known, catalog, feature_set.series_ids)
        }
        spans = [month_number(pd.DatetimeIndex(dates[[0, -1]])) for dates, _ in self._histories.values() if len(dates)]
        months = np.arange(min(s[0] for s in spans), max(s[1] for s in spans) + 12 * YEARS_BEYOND)
        self._columns = Columns(catalog, feature_set, months, self._observations)
        self._states: dict[tuple[Print, ...], int] = {}
        self._prints: list[tuple[Print, ...]] = [()]

    @property
    def series_ids(self) -> tuple[str, ...]:
        """The series of which anything is known."""
        return tuple(s for s, (dates, _) in self._histories.items() if len(dates))

    def known_values(self, series_id: str) -> pd.Series:
        """Known values of a series by date, ascending."""
        dates, values = self._histories[series_id]
        return pd.Series(values, pd.DatetimeIndex(dates))

    def dates(self, series_id: str) -> pd.DatetimeIndex:
        """Dates of the known values of a series, ascending."""
        return pd.DatetimeIndex(self._histories[series_id][0])

    def periods(self, series_id: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Last month's number and published value of each known period, weeks and days averaged by months."""
        dates, values = self._histories[series_id]
        index = pd.DatetimeIndex(dates)
        return regular_periods(index, values, infer_frequency(index, self._catalog.spec(series_id).frequency))

    def panel(self, prints: Iterable[Print] = (), until: int | None = None) -> NDArray[np.float64]:
        """(T, D) values: the panel that `build_panel` makes of what is known and the prints.

        A print of a date that is known takes its value's place. With `until`, a month's number, the panel ends there:
        later months are cut off, those not known yet are NaN but for covariates of the transitions that are known.
        """
        months, values = self._columns.panel(self._with(prints))
        if until is None:
            return values
        length = until - int(months[0]) + 1
        if length > len(values):
            begun = int(months[0] - self._columns.months[0])
            values = self._columns.values(self._with(prints))[begun:]
        beyond = np.full((max(length - len(values), 0), values.shape[1]), np.nan)
        return np.concatenate([values[:length], beyond])

    def newest_month(self, prints: Iterable[Print] = ()) -> int:
        """Number of the last month of which any emitted feature is known."""
        return int(self._columns.panel(self._with(prints))[0][-1])

    def _with(self, prints: Iterable[Print]) -> dict[str, int]:
        """The state of each series to which something is added: a number for each set of prints of one series."""
        added: dict[str, list[Print]] = {}
        for each in prints:
            added.setdefault(each.series_id, []).append(each)
        return {series_id: self._state(tuple(sorted(own))) for series_id, own in added.items()}

    def _state(self, prints: tuple[Print, ...]) -> int:
        if prints not in self._states:
            self._states[prints] = len(self._prints)
            self._prints.append(prints)
        return self._states[prints]

    def _observations(self, series_id: str, state: int) -> Observations:
        """Dates and values with the state's prints in their places, ascending."""
        dates, values = self._histories.get(series_id, NOTHING)
        if not (prints := self._prints[state]):
            return dates, values
        days = np.array([each.date.to_datetime64() for each in prints], "datetime64[ns]")
        kept = ~np.isin(dates, days)
        dates = np.concatenate([dates[kept], days])
        values = np.concatenate([values[kept], [each.value for each in prints]])
        order = np.argsort(dates, kind="stable")
        return dates[order], values[order]
