"""The InferenceService as a document: what runs, with which resources, and the labels that say where it comes from."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.kubernetes.model_uri import ResolvedModel

GROUP, VERSION, PLURAL = "serving.kserve.io", "v1beta1", "inferenceservices"
MODE = f"{GROUP}/deploymentMode"
Mode = Literal["Standard", "Knative"]
LABEL = "macro-cycle"
REGISTRY_VERSION = f"{LABEL}/registry-version"
CYCLE = f"{LABEL}/cycle"
CYCLE_SETTING = "MACRO_CYCLE_KSERVE__CYCLE"


@dataclass(frozen=True)
class Target:
    """How a service runs in the cluster, and whose model it is for.

    `cycle` is the code of a definition that the image holds: counts and the economy of the answers are its.
    `runtime` is the ServingRuntime of `.ops/.kserve`, whose container is this package's predictor. `mode` cannot be
    changed once a service exists. `predictor_url` is where one predictor answers, whatever share of the traffic it
    has: `{service}` is its Kubernetes service; the default is the address inside the cluster.
    """

    cycle: str = DEFAULT
    mode: Mode = "Standard"
    runtime: str = "macro-cycle"
    service_account: str = "macro-cycle-serving"
    min_replicas: int = 2
    max_replicas: int = 4
    cpu: str = "500m"
    cpu_limit: str = "1"
    memory: str = "1Gi"
    mounts: dict[str, str] = field(default_factory=dict)
    predictor_url: str = "http://{service}.{namespace}.svc.cluster.local"

    def __post_init__(self) -> None:
        if not 1 <= self.min_replicas <= self.max_replicas:
            raise MacroCycleError("a service needs one replica at least, and no fewer at most: it never scales to zero")


def predictor_name(model: ResolvedModel) -> str:
    """The name of a version's predictor: its own Deployment and Service, so that a promotion restarts no pod."""
    return f"v{model.version}" if model.version else "m" + hashlib.sha256(model.storage_uri.encode()).hexdigest()[:8]


def predictor_service(service_name: str, predictor: str | None) -> str:
    """The Kubernetes service of one predictor in Standard mode."""
    return f"{service_name}-{predictor}-predictor" if predictor else f"{service_name}-predictor"


def origin(model: ResolvedModel, target: Target) -> dict[str, str]:
    """Labels that say which version of whose model runs; a value is cut to what Kubernetes takes."""
    known = {
        CYCLE: target.cycle,
        f"{LABEL}/registered-model": model.name,
        REGISTRY_VERSION: model.version,
        f"{LABEL}/run-id": model.run_id,
        f"{LABEL}/model-version": model.model_version,
    }
    return {name: _label_value(value) for name, value in known.items() if value}


def predictor(model: ResolvedModel, model_format: str, target: Target) -> dict[str, Any]:
    """`spec.predictor`: never scaled to zero, resources bounded, no token of the cluster inside.

    The security context, the probes and the image are the runtime's.
    """
    return {
        "minReplicas": target.min_replicas,
        "maxReplicas": target.max_replicas,
        "serviceAccountName": target.service_account,
        "automountServiceAccountToken": False,
        "labels": origin(model, target),
        "model": {
            "name": "kserve-container",
            "modelFormat": {"name": model_format},
            "runtime": target.runtime,
            "protocolVersion": "v2",
            "storageUri": model.storage_uri,
            "env": [{"name": CYCLE_SETTING, "value": target.cycle}],
            "resources": {
                "requests": {"cpu": target.cpu, "memory": target.memory},
                "limits": {"cpu": target.cpu_limit, "memory": target.memory},
            },
        },
        **({"name": predictor_name(model)} if target.mode == "Standard" else {}),
    }


def inference_service(
    service_name: str, namespace: str, model: ResolvedModel, wanted: dict[str, Any], target: Target
) -> dict[str, Any]:
    """The whole document around a predictor."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "InferenceService",
        "metadata": {
            "name": service_name,
            "namespace": namespace,
            "labels": {
                "app.kubernetes.io/part-of": LABEL,
                "app.kubernetes.io/managed-by": LABEL,
                **origin(model, target),
            },
            "annotations": {MODE: target.mode, f"{GROUP}/enable-tag-routing": "true"},
        },
        "spec": {"predictor": wanted},
    }


def _label_value(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("._-")
