"""A namespace of a cluster with KServe's CRD, a registry with two versions, and what their files hold.

The cluster is the one that KUBECONFIG points to when it is set, else a stand-in for its API server.
"""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from kubernetes import client, config

from macro_cycle.registry.registry import Registry
from macro_cycle.serving.kubernetes import KServeDeployment, Patience, Target, TrafficGate
from macro_cycle.training.bundle import Bundle
from macro_cycle_tests.conftest import bundle_as_of
from macro_cycle_tests.patience import PATIENCE
from macro_cycle_tests.serving.kubernetes.api_server import Store, serving
from macro_cycle_tests.serving.kubernetes.cluster import Controller, Endpoints

CRD = Path(__file__).parents[4] / "shared" / "data" / "kserve_inferenceservice_crd.json"
MODEL = "macro-cycle-hmm"


@dataclass
class Cluster:
    """The namespace, its controller, the endpoints of its pods, and where the registry is."""

    namespace: str
    controller: Controller
    endpoints: Endpoints
    storage: dict[str, Bundle]
    registry: "Models"

    def deployment(
        self, mode: str = "Standard", gate: TrafficGate | None = None, cycle: str = "us"
    ) -> KServeDeployment:
        url = self.endpoints.url + "/{service}"
        target = Target(cycle=cycle, mode=mode, mounts=self.registry.mounts, predictor_url=url)
        patience = Patience(seconds=PATIENCE, poll_seconds=0.01)
        return KServeDeployment(
            self.namespace, target=target, tracking_uri=self.registry.uri, gate=gate, patience=patience
        )

    def service(self, name: str = MODEL) -> dict:
        api = client.CustomObjectsApi(config.new_client_from_config(os.environ["KUBECONFIG"]))
        group = ("serving.kserve.io", "v1beta1", self.namespace, "inferenceservices")
        return api.get_namespaced_custom_object(*group, name)


@dataclass(frozen=True)
class Models:
    """A registry with two versions, the first of them champion, whose files a cluster finds on a volume."""

    uri: str
    registry: Registry
    bundles: dict[str, Bundle]
    mounts: dict[str, str]

    def storage_uri(self, version: str) -> str:
        source = self.registry._client.get_model_version(MODEL, version).source
        (folder, volume), *_ = self.mounts.items()
        return source.replace(folder, volume)


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    registry = Registry(uri, folder / "artifacts", "macro_cycle", MODEL)
    bundles = {}
    for month in ("2007-06-01", "2007-12-01"):
        bundle = bundle_as_of(month)
        registered = registry.log_month(bundle, {})
        bundles[registered.version] = bundle
        if len(bundles) == 1:
            registry.set_alias("champion", registered)
    return Models(uri, registry, bundles, {(folder / "artifacts").as_uri(): "pvc://models"})


@pytest.fixture
def cluster(models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    if not CRD.exists():
        pytest.skip(f"{CRD} is not here: KServe's CRD, which the API server checks documents against")
    storage = {models.storage_uri(version): bundle for version, bundle in models.bundles.items()}
    with ExitStack() as stack:
        namespace = _real_namespace() if os.environ.get("KUBECONFIG") else "macro-cycle"
        if not os.environ.get("KUBECONFIG"):
            url = stack.enter_context(serving(Store(json.loads(CRD.read_text()))))
            monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(tmp_path, url)))
        endpoints = stack.enter_context(Endpoints().listening())
        controller = stack.enter_context(Controller(namespace, storage, endpoints).running())
        yield Cluster(namespace, controller, endpoints, storage, models)


def _kubeconfig(folder: Path, url: str) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "stand-in", "cluster": {"server": url}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "stand-in", "context": {"cluster": "stand-in", "user": "nobody"}}],
        "current-context": "stand-in",
    }
    path = folder / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def _real_namespace() -> str:
    """A new namespace of the cluster, which has KServe's CRD but no KServe: the tests' controller stands for it."""
    api = config.new_client_from_config(os.environ["KUBECONFIG"])
    name = f"macro-cycle-test-{uuid.uuid4().hex[:8]}"
    client.CoreV1Api(api).create_namespace({"metadata": {"name": name}})
    crd = json.loads(CRD.read_text())
    extensions = client.ApiextensionsV1Api(api)
    try:
        extensions.create_custom_resource_definition(crd)
    except client.ApiException as error:
        if error.status != 409:
            raise
    return name
