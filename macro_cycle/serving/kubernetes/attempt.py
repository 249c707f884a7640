"""One attempt to bring one model into one service: the order of the steps, and what happens when one fails."""

from collections.abc import Callable
from dataclasses import dataclass

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.api import Document, InferenceServices, Superseded
from macro_cycle.serving.kubernetes.golden import replay
from macro_cycle.serving.kubernetes.manifests import Target, origin
from macro_cycle.serving.kubernetes.model_uri import ResolvedModel
from macro_cycle.serving.kubernetes.readiness import wait_until_ready
from macro_cycle.serving.kubernetes.rollout import Predictor, Rollout, is_under_way, rollout
from macro_cycle.serving.kubernetes.traffic import TrafficGate
from macro_cycle.training.bundle import Bundle

STEPS = (10, 50)
"""Shares of the traffic, in percent, that a canary has to bear before it is promoted."""


@dataclass(frozen=True)
class Patience:
    """How long a change of the cluster may take to become ready, and how often one looks, in seconds."""

    seconds: float = 600.0
    poll_seconds: float = 1.0


@dataclass(frozen=True)
class Deployed:
    """A service that answers with the model asked for; `golden_windows` is how many it was seen to answer rightly."""

    service_name: str
    namespace: str
    url: str
    model: ResolvedModel
    generation: int
    golden_windows: int


@dataclass(frozen=True)
class Attempt:
    """The model wanted, the service it is for, and what it has to pass.

    `commit` is called once the model has passed everything, and before a canary is promoted; if it raises, what served
    before still does. A service that somebody else changes meanwhile is left to them.
    """

    services: InferenceServices
    name: str
    model: ResolvedModel
    wanted: Predictor
    bundle: Bundle | None
    target: Target
    gate: TrafficGate | None
    patience: Patience
    commit: Callable[[Deployed], None]

    def create(self, document: Document) -> Deployed:
        """Make the service; one that does not answer rightly is deleted again."""
        self.services.create(document, dry_run=True)
        created = self.services.create(document)
        try:
            ready = self._wait(created)
            checked = self._replay(rollout(ready, self.wanted, self.target).url(ready, self.wanted))
            return self._committed(ready, checked)
        except Superseded:
            raise
        except Exception:
            self.services.delete(self.name)
            raise

    def confirm(self, current: Document, steps: Rollout) -> Deployed:
        """The service has the model already; a rollout of another one that was cut short is taken back."""
        if is_under_way(current):
            current = self.services.change(current, steps.roll_back())
        ready = self._wait(current)
        return self._committed(ready, self._replay(steps.url(ready, steps.former)))

    def replace(self, current: Document, steps: Rollout) -> Deployed:
        """Canary without traffic, replay, traffic in steps, promotion; back to the former model on any failure."""
        self.services.change(current, steps.share(0), dry_run=True)
        try:
            current, checked = self._share(current, steps, 0)
            if self.gate is not None:
                for percent in STEPS:
                    current, checked = self._share(current, steps, percent)
                    self.gate.check(steps.pods(current))
            self._committed(current, checked)
            current = self._wait(self.services.change(current, steps.promote(origin(self.model, self.target))))
            return self._deployed(current, self._replay(steps.url(current, self.wanted)))
        except Superseded:
            raise
        except Exception as error:
            self._roll_back(steps, error)
            raise

    def _share(self, current: Document, steps: Rollout, percent: int) -> tuple[Document, int]:
        ready = self._wait(self.services.change(current, steps.share(percent)), steps.canary)
        return ready, self._replay(steps.url(ready, self.wanted))

    def _roll_back(self, steps: Rollout, why: Exception) -> None:
        current = self.services.read(self.name)
        if current is None:
            return
        try:
            self._wait(self.services.change(current, steps.roll_back()))
        except DeploymentError as error:
            raise DeploymentError(f"{why}; and it was not rolled back: {error}") from None

    def _wait(self, document: Document, canary: str | None = None) -> Document:
        patience = self.patience
        generation = document["metadata"]["generation"]
        return wait_until_ready(self.services, self.name, generation, canary, patience.seconds, patience.poll_seconds)

    def _replay(self, url: str) -> int:
        return replay(url, self.name, self.bundle) if self.bundle is not None else 0

    def _committed(self, document: Document, golden_windows: int) -> Deployed:
        deployed = self._deployed(document, golden_windows)
        self.commit(deployed)
        return deployed

    def _deployed(self, document: Document, golden_windows: int) -> Deployed:
        metadata, status = document["metadata"], document.get("status", {})
        url = status.get("url") or status.get("address", {}).get("url", "")
        generation = metadata["generation"]
        return Deployed(self.name, metadata["namespace"], url, self.model, generation, golden_windows)
