"""What the record in the warehouse says now: the answer, what serves, and how old both and the data are."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
from prometheus_client.core import Metric
from sqlalchemy import Engine

from macro_cycle.monitoring.collectors.collector import gauge, gauges
from macro_cycle.observations.calendar import overdue
from macro_cycle.observations.catalog import Catalog
from macro_cycle.warehouse.state import NewestAnswer, State

DAY = pd.Timedelta(days=1)


class AnswerCollector:
    """The newest answer of a cycle and what serves; `now` is the platform's moment (UTC, without a zone)."""

    name = "answer"

    def __init__(self, engine: Engine, cycle: str, now: Callable[[], pd.Timestamp]) -> None:
        self._state, self._cycle, self._now = State(engine), cycle, now

    def metrics(self) -> Iterator[Metric]:
        """Probabilities, ages in seconds, and whether a decision is wanted; nothing where there is no answer."""
        answer = self._state.newest_answer()
        if answer is None:
            return
        yield from self._answer(answer)
        deployed = self._state.newest_deployment()
        if deployed is not None:
            age = _seconds(self._now() - deployed.served_at)
            yield self._gauge("macro_cycle_served_age_seconds", "Since what serves was taken into service", age)
        serves = deployed is not None and deployed.model_version == answer.model_version
        yield self._gauge(
            "macro_cycle_served_matches_answer",
            "Whether the model of the newest answer is the one that serves",
            float(serves),
        )

    def _answer(self, answer: NewestAnswer) -> Iterator[Metric]:
        yield self._gauge(
            "macro_cycle_recession_probability",
            "Recession probability of the newest answer",
            answer.recession_probability,
        )
        yield gauges(
            "macro_cycle_regime_probability",
            "Filtered probability of each regime in the newest answer",
            ["cycle", "regime"],
            {(self._cycle, regime): value for regime, value in answer.probabilities.items()},
        )
        end_of_month = answer.reference_month + pd.offsets.MonthEnd(0) + DAY
        for name, text, since in (
            ("macro_cycle_answer_age_seconds", "Since the newest answer was recorded", answer.recorded_at),
            ("macro_cycle_reference_month_age_seconds", "Since the end of the month that it is about", end_of_month),
        ):
            yield self._gauge(name, text, _seconds(self._now() - since))

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        return gauge(name, text, value, cycle=self._cycle)


class SeriesCollector:
    """How old each series of a cycle is, and by how much each late one is late."""

    name = "series"

    def __init__(
        self, engine: Engine, cycle: str, catalog: Catalog, series_ids: Sequence[str], now: Callable[[], pd.Timestamp]
    ) -> None:
        self._state, self._cycle, self._catalog, self._now = State(engine), cycle, catalog, now
        self._series_ids = list(series_ids)

    def metrics(self) -> Iterator[Metric]:
        """Ages in seconds by series, those of series that are not late left out of the second gauge."""
        now = self._now()
        ages, late = {}, {}
        for series in self._state.newest_values(self._series_ids):
            labels = (self._cycle, series.series_id)
            ages[labels] = _seconds(now - series.known_since)
            since = overdue(series.dates, self._catalog.spec(series.series_id), now.normalize())
            if since is not None:
                late[labels] = _seconds(now - since)
        by_series = ["cycle", "series_id"]
        yield gauges("macro_cycle_series_age_seconds", "Since the newest value was published", by_series, ages)
        yield gauges("macro_cycle_series_late_seconds", "Since a late series was due, its grace over", by_series, late)
        yield gauge("macro_cycle_series_wanted", "Series that the model uses", len(self._series_ids), cycle=self._cycle)
        if ages:
            text = "Since the newest value of any series was published"
            yield gauge("macro_cycle_data_age_seconds", text, min(ages.values()), cycle=self._cycle)


def _seconds(age: pd.Timedelta) -> float:
    return float(age.total_seconds())
