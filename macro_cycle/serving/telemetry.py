"""What the server reports of each request; who counts it is chosen where the server is put together."""

from collections.abc import Mapping
from typing import Protocol


class Telemetry(Protocol):
    """Hears of every request, whatever became of it, and of each model that begins to serve."""

    def observe_request(self, model: str, protocol: str, outcome: str, seconds: float) -> None:
        """A request over `v1`, `v2` or `grpc`; outcome is `answered` or that of `errors.Refused`."""
        ...

    def observe_answer(self, model: str, regime: str) -> None:
        """An instance that was answered with a regime."""
        ...

    def describe_model(
        self, name: str, figures: Mapping[str, float], probabilities: Mapping[str, float], n_features: int
    ) -> None:
        """The model that serves from now on."""
        ...


class PrometheusTelemetry:
    """Counts in the platform's Prometheus metrics."""

    def __init__(self) -> None:
        from macro_cycle.monitoring import metrics

        self._metrics = metrics

    def observe_request(self, model: str, protocol: str, outcome: str, seconds: float) -> None:
        """Count it, and as an error unless it was answered."""
        self._metrics.latency.labels(model).observe(seconds)
        if outcome != "answered":
            self._metrics.errors.labels(model, outcome).inc()

    def observe_answer(self, model: str, regime: str) -> None:
        """Count it by regime."""
        self._metrics.predictions.labels(model, regime).inc()

    def describe_model(
        self, name: str, figures: Mapping[str, float], probabilities: Mapping[str, float], n_features: int
    ) -> None:
        """Set the gauges."""
        self._metrics.describe_model(name, figures, probabilities, n_features)
