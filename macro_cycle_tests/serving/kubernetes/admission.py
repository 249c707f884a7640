"""KServe's own rules for InferenceServices, which its webhook adds to the schema: those that a rollout can break."""

from typing import Any

Document = dict[str, Any]
MODE = "serving.kserve.io/deploymentMode"
SCHEMES = ("s3://", "gs://", "pvc://", "http://", "https://", "hdfs://", "webhdfs://", "oci://", "hf://", "file://")


def objection(new: Document, old: Document | None) -> str | None:
    """Why the webhook would refuse `new` over `old`."""
    predictor, canaries = new["spec"]["predictor"], new["spec"].get("canary") or []
    if not all(_uri(each).startswith(SCHEMES) for each in (predictor, *(c["predictor"] for c in canaries))):
        return "storageUri, must be one of the supported schemes"
    return _of_canaries(new, predictor, canaries) or (_of_change(new, old) if old else None)


def _of_canaries(new: Document, predictor: Document, canaries: list[Document]) -> str | None:
    if canaries and new["metadata"].get("annotations", {}).get(MODE) != "Standard":
        return "canary is only supported in Standard deployment mode"
    for canary in canaries:
        own = canary["predictor"]
        if not own.get("name") or own["name"] == predictor.get("name"):
            return "a canary needs a predictor.name of its own"
        if "maxReplicas" in own:
            return "a canary must not set maxReplicas"
        if own.get("minReplicas", 1) > predictor.get("minReplicas", 1):
            return "a canary's minReplicas must not exceed the predictor's"
    return None


def _of_change(new: Document, old: Document) -> str | None:
    running = old.get("status", {}).get("deploymentMode")
    if running and new["metadata"].get("annotations", {}).get(MODE, running) != running:
        return "deploymentMode cannot be changed"
    before, after = old["spec"]["predictor"], new["spec"]["predictor"]
    if before.get("name") != after.get("name") and _uri(before) == _uri(after):
        return "predictor.name change requires a model change"
    return None


def _uri(predictor: Document) -> str:
    return predictor.get("model", {}).get("storageUri", "")
