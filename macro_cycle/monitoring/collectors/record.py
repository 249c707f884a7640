"""What the record in the warehouse says now: the answer, what serves, and how old both and the data are."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
from prometheus_client.core import Metric
from sqlalchemy import Engine

from macro_cycle.monitoring.collectors.collector import gauge, gauges, of_cycle
from macro_cycle.observations.calendar import overdue
from macro_cycle.observations.catalog import Catalog
from macro_cycle.promotion.decisions import pending, serving, standing
from macro_cycle.records import Answer, Decision, Declared, Deployment, RecordStore
from macro_cycle.warehouse.state import State

DECISION, DEPLOYMENT, DECLARED = "champion", "kserve_deployment", "declared_phase"
ONSETS = (3, 6, 12)
DAY = pd.Timedelta(days=1)


class AnswerCollector:
    """The newest answer of a cycle and what serves; `now` is the platform's moment (UTC, without a zone)."""

    def __init__(self, engine: Engine, cycle: str, now: Callable[[], pd.Timestamp]) -> None:
        self.name = of_cycle("answer", cycle)
        self._state, self._records = State(engine), RecordStore(engine, cycle)
        self._cycle, self._now = cycle, now

    def metrics(self) -> Iterator[Metric]:
        """Probabilities, ages in seconds, and whether a decision is wanted; nothing where there is no answer."""
        found = self._state.newest_answer(self._cycle)
        if found is None:
            return
        answer = Answer.model_validate(found.document)
        yield from self._answer(answer, found.recorded_at)
        yield from self._outlook(answer)
        yield from self._declared()
        yield from self._serving(answer)
        yield from self._decision(answer)

    def _answer(self, answer: Answer, recorded_at: pd.Timestamp) -> Iterator[Metric]:
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
        ended = pd.Timestamp(answer.reference_month) + pd.offsets.MonthEnd(0) + DAY
        yield self._age("macro_cycle_answer_age_seconds", "Since the newest answer was recorded", recorded_at)
        text = "Since the end of the month that the newest answer is about"
        yield self._age("macro_cycle_reference_month_age_seconds", text, ended)

    def _outlook(self, answer: Answer) -> Iterator[Metric]:
        """The band of the newest answer and the forecast made with it, where there is one."""
        foreseen = answer.foreseen
        if not foreseen:
            return
        ends = {(self._cycle, end): foreseen[f"band_{end}"] for end in ("low", "high")}
        text = "Ends of the 90 % band of the newest recession probability"
        yield gauges("macro_cycle_recession_probability_band", text, ["cycle", "end"], ends)
        onsets = {(self._cycle, str(months)): foreseen[f"recession_within_{months}"] for months in ONSETS}
        text = "Probability that a recession begins within so many months"
        yield gauges("macro_cycle_recession_begins_probability", text, ["cycle", "months"], onsets)
        text = "Expected months until the present phase is left"
        yield self._gauge("macro_cycle_expected_months_to_exit", text, foreseen["months_to_exit"])

    def _declared(self) -> Iterator[Metric]:
        """1 for the phase that stands declared, 0 for the other, and for how long it has stood."""
        declared = self._records.newest(DECLARED, Declared)
        if declared is None:
            return
        stands = {(self._cycle, phase): float(phase == declared.phase) for phase in ("contraction", "expansion")}
        text = "Whether the phase stands declared"
        yield gauges("macro_cycle_declared_phase", text, ["cycle", "phase"], stands)
        if declared.declared_on is not None:
            text = "Since the phase that stands was declared"
            yield self._age("macro_cycle_declared_age_seconds", text, pd.Timestamp(declared.declared_on))

    def _serving(self, answer: Answer) -> Iterator[Metric]:
        deployed = serving(self._records.history(DEPLOYMENT, Deployment))
        if deployed is not None:
            since = pd.Timestamp(deployed.deployed_at).tz_convert("UTC").tz_localize(None)
            yield self._age("macro_cycle_served_age_seconds", "Since what serves was taken into service", since)
        serves = deployed is not None and deployed.model_version == answer.model_version
        text = "Whether the model of the newest answer is the one that serves"
        yield self._gauge("macro_cycle_served_matches_answer", text, float(serves))

    def _decision(self, answer: Answer) -> Iterator[Metric]:
        decisions = self._records.history(DECISION, Decision)
        decided = standing(decisions, answer.model_version)
        refused = decided is not None and decided.outcome == "refuse"
        text = "Whether the model of the newest answer was refused"
        yield self._gauge("macro_cycle_promotion_refused", text, float(refused))
        text = "Whether a person is to decide on a model"
        yield self._gauge("macro_cycle_decision_pending", text, float(bool(pending(decisions))))

    def _age(self, name: str, text: str, since: pd.Timestamp) -> Metric:
        return self._gauge(name, text, _seconds(self._now() - since))

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        return gauge(name, text, value, cycle=self._cycle)


class FailureCollector:
    """Months that an asset could not be made for, as the records have it: a range goes on after them."""

    def __init__(self, engine: Engine, cycle: str) -> None:
        self.name = of_cycle("failures", cycle)
        self._state, self._cycle = State(engine), cycle

    def metrics(self) -> Iterator[Metric]:
        """Numbers of months by asset."""
        failed = {(self._cycle, asset): float(n) for asset, n in self._state.failed_months(self._cycle).items()}
        text = "Months that an asset could not be made for"
        yield gauges("macro_cycle_failed_months", text, ["cycle", "asset"], failed)


class SeriesCollector:
    """How old each series of a cycle is, and by how much each late one is late."""

    def __init__(
        self, engine: Engine, cycle: str, catalog: Catalog, series_ids: Sequence[str], now: Callable[[], pd.Timestamp]
    ) -> None:
        self.name = of_cycle("series", cycle)
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
