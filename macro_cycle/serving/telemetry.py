"""What the server reports of each request; who counts it is chosen where the server is put together."""

from collections.abc import Mapping
from typing import Protocol

from macro_cycle.monitoring import metrics


class Telemetry(Protocol):
    """Hears of every request, whatever became of it, and of each model that begins to serve."""

    def observe_request(self, model: str, protocol: metrics.Protocol, outcome: metrics.Outcome, seconds: float) -> None:
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
