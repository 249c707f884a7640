"""Whether an InferenceService is what was asked for: read from its status, and never from a stale one."""

import time
from typing import Any

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.api import Document, InferenceServices, Superseded

FAILED = ("BlockedByFailedLoad", "InvalidSpec")


def is_ready(document: Document, generation: int, canary: str | None = None) -> bool:
    """Whether the controller has seen `generation` and everything in it answers, the `canary` predictor included.

    Raises:
        DeploymentError: the status says that this generation cannot become ready.
    """
    status = document.get("status", {})
    if status.get("observedGeneration", 0) < generation:
        return False
    model = status.get("modelStatus", {})
    if canary is not None:
        found: dict[str, Any] = next((c for c in status.get("canaryStatuses", ()) if c["name"] == canary), {})
        _refuse_failed(found.get("modelStatus", {}))
        return bool(found.get("ready")) and _condition(status, "Ready")
    _refuse_failed(model)
    loaded = model.get("transitionStatus", "UpToDate") == "UpToDate"
    return _condition(status, "Ready") and loaded


def wait_until_ready(
    services: InferenceServices, name: str, generation: int, canary: str | None, seconds: float, poll: float
) -> Document:
    """The service once `generation` of it is ready.

    Raises:
        DeploymentError: it failed or took longer than `seconds`.
        Superseded: it was deleted, or changed by somebody else.
    """
    deadline = time.monotonic() + seconds
    while True:
        document = services.read(name)
        if document is None:
            raise Superseded(f"the InferenceService {name} was deleted while it was waited for")
        if document["metadata"]["generation"] > generation:
            raise Superseded(f"somebody else changed the InferenceService {name}")
        if is_ready(document, generation, canary):
            return document
        if time.monotonic() > deadline:
            raise DeploymentError(f"{name} was not ready after {seconds:.0f} s: {_last_word(document)}")
        time.sleep(poll)


def _refuse_failed(model: dict[str, Any]) -> None:
    if model.get("transitionStatus") in FAILED:
        failure = model.get("lastFailureInfo", {})
        reason = ": ".join(failure[key] for key in ("reason", "message") if failure.get(key))
        raise DeploymentError(f"the model was not loaded ({reason or model['transitionStatus']})")


def _condition(status: dict[str, Any], kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in status.get("conditions", ()))


def _last_word(document: Document) -> str:
    for condition in document.get("status", {}).get("conditions", ()):
        if condition["status"] != "True":
            return str(condition.get("message") or condition.get("reason") or f"{condition['type']} is false")
    return "the controller has said nothing"
