"""Asking a rival in real time: on each day on which something that it reads became known."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.rivals.rival import Rival, Rule, panels_of
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog

Progress = Callable[[int, int], None]
"""Is told how many days are done, and of how many."""


def answers_by_day(
    rival: Rival,
    history: pd.DataFrame,
    catalog: Catalog,
    stretches: Sequence[tuple[pd.Timestamp, pd.Timestamp]],
    progress: Progress = lambda done, of: None,
) -> pd.DataFrame:
    """What the rival said of the newest month that it could score, on each day of news and each month end.

    history: as `Warehouse.history` gives it. stretches: first and last days between which it is asked. The rival is
    estimated again at every `rival.every`-th month end.
    Columns `reference_month`, `score`, indexed by day; days on which too little was known are left out.

    Raises:
        MacroCycleError: nothing could be scored on any day, as where a series or a package is lacking.
    """
    panels = panels_of(rival, history, catalog)
    days = pd.DatetimeIndex([])
    for first, last in stretches:
        ends = pd.date_range(first, last, freq="ME")
        days = days.union(panels.days(first, last)).union(ends).union(pd.DatetimeIndex([first]))
    asked = _Asked(rival)
    said = {}
    for number, day in enumerate(days):
        newest = asked.on(day, panels)
        if newest is not None:
            said[day] = newest
        progress(number + 1, len(days))
    if not said and asked.failure is not None:
        raise asked.failure
    return _table(said)


def answers_at(rival: Rival, history: pd.DataFrame, catalog: Catalog, days: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """As `answers_by_day`, on each of these days alone, whether or not there was news."""
    panels, asked = panels_of(rival, history, catalog), _Asked(rival)
    said = {day: newest for day in days if (newest := asked.on(day, panels)) is not None}
    if not said and asked.failure is not None:
        raise asked.failure
    return _table(said)


def _table(said: Mapping[pd.Timestamp, tuple[pd.Timestamp, float]]) -> pd.DataFrame:
    index = pd.DatetimeIndex(list(said), name="day")
    months, scores = [month for month, _ in said.values()], [score for _, score in said.values()]
    return pd.DataFrame({"reference_month": pd.DatetimeIndex(months), "score": np.array(scores, float)}, index)


class _Asked:
    """A rival between days: its rule, the day of its estimation, and what failed last."""

    def __init__(self, rival: Rival) -> None:
        self._rival = rival
        self._rule: Rule | None = None
        self._estimated: pd.Timestamp | None = None
        self.failure: MacroCycleError | None = None

    def on(self, day: pd.Timestamp, panels: RealTimePanels) -> tuple[pd.Timestamp, float] | None:
        """The newest month scored on the day, and its score; None where too little was known."""
        due = estimation_day(day, self._rival.every)
        try:
            if self._rule is None or due != self._estimated:
                self._estimated = due
                self._rule = self._rival.estimate(_whole(panels.on(due)), due)
            newest = self._rule(panels.on(day)).iloc[-1:]
        except MacroCycleError as error:
            self.failure = error
            return None
        return (newest.index[0], float(newest.iloc[0])) if len(newest) else None


def estimation_day(day: pd.Timestamp, every: int | None) -> pd.Timestamp:
    """The last month end by the day that ends a span of `every` months of the calendar, or the day itself.

    So a rival is estimated on the same days, on whatever days it is asked.
    """
    if every is None:
        return day
    ended = (day + pd.Timedelta(days=1)).to_period("M") - 1
    return (ended - (ended.ordinal + 1) % every).end_time.normalize()


def _whole(panel: pd.DataFrame) -> pd.DataFrame:
    if empty := [str(name) for name in panel if panel[name].isna().all()]:
        raise MacroCycleError(f"it needs {', '.join(empty)}: add the series to the source")
    return panel
