"""What the model server measures, by the names that dashboards and alerts rely on.

Counts of every request, refused and failed ones included, and figures of the model that serves at this moment. What
is read from the record (ages, decisions, runs) is the exporter's.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from macro_cycle.monitoring.counters import Count, Counters, Durations

Protocol = Literal["v1", "v2", "grpc"]
Outcome = Literal[
    "answered",
    "malformed",  # the body is not what the protocol says
    "invalid",  # an instance, a tensor or a value that no answer can be given for
    "too_large",  # body, header, address or number of instances beyond the limits
    "unknown_model",
    "not_allowed",  # a method or media type that is not taken
    "not_ready",  # nothing serves yet
    "overloaded",  # too many requests at a time, or no answer in time
    "aborted",  # the client went away
    "failed",  # a fault of the server's own
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
STATUS_OUTCOMES: Mapping[int, Outcome] = {
    400: "malformed",
    422: "invalid",
    413: "too_large",
    414: "too_large",
    431: "too_large",
    404: "unknown_model",
    403: "not_allowed",
    405: "not_allowed",
    406: "not_allowed",
    415: "not_allowed",
    503: "not_ready",
    408: "overloaded",
    429: "overloaded",
    504: "overloaded",
    499: "aborted",
}
SHOWN_PROTOCOLS: tuple[Protocol, ...] = ("v1", "v2")
UNKNOWN = "unknown"
WRITE_SECONDS = 5.0

PREDICTIONS = Count("hmm_predictions", "Predictions served", ("cycle", "model_name", "regime"))
ERRORS = Count("hmm_prediction_errors", "Requests refused or failed", ("cycle", "model_name", "error_type"))
LATENCY = Durations(
    "hmm_prediction_latency_seconds",
    "Time to answer or refuse a request",
    ("cycle", "model_name", "protocol"),
    (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
REQUESTS = Count(
    "macro_cycle_requests", "Requests by what became of them", ("cycle", "model_name", "protocol", "outcome")
)
COUNTS = (PREDICTIONS, ERRORS, LATENCY, REQUESTS)
FIGURES = {
    "log_likelihood": "Log-likelihood of the served model on its panel, nats",
    "aic": "Akaike's information criterion of the served model",
    "bic": "Bayesian information criterion of the served model",
}
FAMILIES = frozenset(
    {*(count.name for count in COUNTS), *(f"hmm_model_{name}" for name in FIGURES)}
    | {"hmm_feature_count", "hmm_regime_distribution"}
)


def outcome_of(status: int) -> Outcome:
    """What became of a request that was answered with an HTTP status."""
    if status < 400:
        return "answered"
    return STATUS_OUTCOMES.get(status, "failed" if status >= 500 else "invalid")


def counts_file(folder: Path) -> Path:
    """Where the model server keeps its counts."""
    return folder / "model-server.json"


@dataclass(frozen=True)
class Described:
    """The model that serves: its figures, its probabilities of the newest month, its features."""

    figures: Mapping[str, float]
    probabilities: Mapping[str, float]
    n_features: int


class ServingMetrics(Collector):
    """The counts and figures of the models that a server offers; `cycles` names the cycle of each.

    What is asked of a model that is not among them counts for the model `unknown`, so that no client makes labels.
    """

    def __init__(self, cycles: Mapping[str, str], folder: Path) -> None:
        self._cycles = dict(cycles)
        self._counters = Counters(COUNTS, counts_file(folder))
        self._described: dict[str, Described] = {}
        for model, cycle in self._cycles.items():
            for protocol, outcome in product(SHOWN_PROTOCOLS, OUTCOMES):
                self._counters.begin(REQUESTS.name, cycle, model, protocol, outcome)
            for outcome in OUTCOMES[1:]:
                self._counters.begin(ERRORS.name, cycle, model, outcome)

    def observe_request(self, model: str, protocol: Protocol, outcome: Outcome, seconds: float) -> None:
        """Count a request, whatever became of it."""
        cycle, name = self._labels(model)
        self._counters.add(REQUESTS.name, cycle, name, protocol, outcome)
        self._counters.observe(LATENCY.name, seconds, cycle, name, protocol)
        if outcome != "answered":
            self._counters.add(ERRORS.name, cycle, name, outcome)

    def observe_answer(self, model: str, regime: str) -> None:
        """Count an instance that was answered with a regime."""
        self._counters.add(PREDICTIONS.name, *self._labels(model), regime)

    def describe_model(
        self, name: str, figures: Mapping[str, float], probabilities: Mapping[str, float], n_features: int
    ) -> None:
        """Show this model as the one that serves; nothing of the former remains."""
        self._described[name] = Described(dict(figures), dict(probabilities), n_features)

    def collect(self) -> Iterator[Metric]:
        """Everything as Prometheus takes it, at this moment."""
        yield from self._counters.collect()
        yield from self._figures()

    def write(self) -> bool:
        """Keep the counts; whether the disk took them."""
        return self._counters.write()

    def keep_writing(self, ended: threading.Event) -> threading.Thread:
        """Write the counts every few seconds in the background until `ended`, and once more then."""

        def write() -> None:
            while not ended.wait(WRITE_SECONDS):
                self.write()
            self.write()

        thread = threading.Thread(target=write, name="counts", daemon=True)
        thread.start()
        return thread

    def _labels(self, model: str) -> tuple[str, str]:
        return (self._cycles[model], model) if model in self._cycles else ("", UNKNOWN)

    def _figures(self) -> Iterator[Metric]:
        labels = ["cycle", "model_name"]
        gauges = {name: GaugeMetricFamily(f"hmm_model_{name}", text, labels=labels) for name, text in FIGURES.items()}
        features = GaugeMetricFamily("hmm_feature_count", "Features of the served model", labels=labels)
        distribution = GaugeMetricFamily(
            "hmm_regime_distribution",
            "Filtered probability of each regime in the newest month of the served model",
            labels=[*labels, "regime"],
        )
        for model, described in list(self._described.items()):
            for name in gauges.keys() & described.figures.keys():
                gauges[name].add_metric(self._labels(model), described.figures[name])
            features.add_metric(self._labels(model), described.n_features)
            for regime, probability in described.probabilities.items():
                distribution.add_metric((*self._labels(model), regime), probability)
        yield from (*gauges.values(), features, distribution)
