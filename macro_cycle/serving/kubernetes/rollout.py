"""What is written to an InferenceService at each step of a rollout, in both of KServe's modes.

Standard has a list of canaries beside the predictor, each with a Deployment of its own (Gateway API splits the
traffic); Knative has one predictor whose newest revision gets a share.
"""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.api import Document
from macro_cycle.serving.kubernetes.manifests import MODE, Target, predictor_service

FORMER = "macro-cycle/former-predictor"
NOT_OF_CANARIES = ("minReplicas", "maxReplicas")

Predictor = dict[str, Any]


class Rollout(Protocol):
    """The steps of one mode as merge patches; `former` is the predictor that keeps serving until the promotion."""

    @property
    def former(self) -> Predictor: ...  # noqa: D102

    @property
    def canary(self) -> str | None:
        """The name by which the status tells of the new predictor while it is a canary."""
        ...

    def share(self, percent: int) -> Document:
        """Give the new predictor a share of the traffic, in percent; with 0 it runs and nobody reaches it."""
        ...

    def promote(self, labels: dict[str, str]) -> Document:
        """Let the new predictor have everything."""
        ...

    def roll_back(self) -> Document:
        """Restore what served before, at whatever step."""
        ...

    def url(self, document: Document, predictor: Predictor) -> str:
        """Where a predictor answers whatever its share."""
        ...

    def pods(self, document: Document) -> str:
        """What the names of the new predictor's pods begin with."""
        ...


@dataclass(frozen=True)
class StandardRollout:
    """A canary in `spec.canary`, promoted by taking over its name and model: its pods go on."""

    former: Predictor
    wanted: Predictor
    labels: dict[str, str]
    target: Target

    @property
    def canary(self) -> str | None:
        """The name of the new predictor."""
        name: str = self.wanted["name"]
        return name

    def share(self, percent: int) -> Document:
        """Without traffic one replica runs, so that it can be asked; with traffic KServe counts them by the share."""
        predictor = {k: v for k, v in self.wanted.items() if k not in NOT_OF_CANARIES}
        replicas = {} if percent else {"minReplicas": 1}
        return {"spec": {"canary": [{"predictor": predictor | replicas, "trafficPercent": percent}]}}

    def promote(self, labels: dict[str, str]) -> Document:
        """Name and model of the canary become the predictor's."""
        return {
            "metadata": {"labels": labels},
            "spec": {"canary": None, "predictor": _replacing(self.former, self.wanted)},
        }

    def roll_back(self) -> Document:
        """Restore the former predictor, whether or not the canary was promoted."""
        return {
            "metadata": {"labels": self.labels},
            "spec": {"canary": None, "predictor": _replacing(self.wanted, self.former)},
        }

    def url(self, document: Document, predictor: Predictor) -> str:
        """The predictor's own Service."""
        metadata = document["metadata"]
        service = predictor_service(metadata["name"], predictor.get("name"))
        return self.target.predictor_url.format(service=service, namespace=metadata["namespace"])

    def pods(self, document: Document) -> str:
        """The canary's Deployment."""
        return predictor_service(document["metadata"]["name"], self.wanted["name"])


@dataclass(frozen=True)
class KnativeRollout:
    """A share of the traffic for the newest revision; the last one that was rolled out keeps the rest.

    The former predictor is kept in an annotation meanwhile: after a crash nothing else would tell it.
    """

    former: Predictor
    wanted: Predictor
    labels: dict[str, str]
    target: Target
    canary: str | None = None

    def share(self, percent: int) -> Document:
        """The new model with its share."""
        predictor = {**_replacing(self.former, self.wanted), "canaryTrafficPercent": percent}
        return {"metadata": {"annotations": {FORMER: json.dumps(self.former)}}, "spec": {"predictor": predictor}}

    def promote(self, labels: dict[str, str]) -> Document:
        """No share is said: the newest revision gets everything and counts as rolled out."""
        return {
            "metadata": {"labels": labels, "annotations": {FORMER: None}},
            "spec": {"predictor": {"canaryTrafficPercent": None}},
        }

    def roll_back(self) -> Document:
        """Restore the former model."""
        return {
            "metadata": {"labels": self.labels, "annotations": {FORMER: None}},
            "spec": {"predictor": {"canaryTrafficPercent": None, **_replacing(self.wanted, self.former)}},
        }

    def url(self, document: Document, predictor: Predictor) -> str:
        """The address of the tag `latest`, which tag routing makes."""
        for revision in _predictor_status(document).get("traffic", ()):
            if revision.get("latestRevision") and revision.get("url"):
                return str(revision["url"])
        raise DeploymentError("Knative has given the new revision no address of its own; is tag routing allowed?")

    def pods(self, document: Document) -> str:
        """The newest revision's Deployment."""
        return str(_predictor_status(document).get("latestReadyRevision", document["metadata"]["name"]))


def rollout(document: Document, wanted: Predictor, target: Target) -> Rollout:
    """The rollout of `wanted` over what the service of `document` serves.

    Raises:
        DeploymentError: the service runs in another mode than asked for; KServe forbids to change it.
    """
    metadata = document["metadata"]
    annotations, labels = metadata.get("annotations", {}), metadata.get("labels", {})
    mode = annotations.get(MODE) or document.get("status", {}).get("deploymentMode")
    if mode not in (None, target.mode):
        raise DeploymentError(
            f"{metadata['name']} runs in the mode {mode}, which cannot be changed; ask for {mode} or delete it first"
        )
    former = document["spec"]["predictor"]
    if target.mode == "Standard":
        return StandardRollout(former, wanted, labels, target)
    return KnativeRollout(json.loads(annotations.get(FORMER, json.dumps(former))), wanted, labels, target)


def is_under_way(document: Document) -> bool:
    """Whether a rollout was begun and neither promoted nor rolled back."""
    spec = document["spec"]
    return bool(spec.get("canary")) or "canaryTrafficPercent" in spec["predictor"]


def _predictor_status(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = document.get("status", {}).get("components", {}).get("predictor", {})
    return found


def _replacing(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A merge patch that turns `old` into `new`: what only `old` has is set to null."""
    change: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        former = old.get(key)
        change[key] = _replacing(former, value) if isinstance(value, dict) and isinstance(former, dict) else value
    return change
