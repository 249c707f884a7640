"""A service answers with the model asked for, seen to do so; or it answers with what it did before."""

import dataclasses
import json

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import read_settings
from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes import KServeDeployment, Target
from macro_cycle.serving.kubernetes.api import InferenceServices, Superseded
from macro_cycle.serving.kubernetes.deployer import KubernetesDeployer
from macro_cycle_tests.serving.kubernetes.conftest import MODEL

pytestmark = pytest.mark.slow

MODES = ("Standard", "Knative")


def served(cluster) -> str:
    """The storage URI of the predictor that has the traffic; no rollout may be under way."""
    spec = cluster.service()["spec"]
    assert "canary" not in spec
    assert "canaryTrafficPercent" not in spec["predictor"]
    assert "macro-cycle/former-predictor" not in cluster.service()["metadata"]["annotations"]
    return spec["predictor"]["model"]["storageUri"]


@pytest.mark.parametrize("mode", MODES)
def test_an_alias_is_deployed_as_the_version_it_points_to(cluster, models, mode):
    deployed = cluster.deployment(mode).create_inference_service(MODEL, f"models:/{MODEL}@champion", "mlflow")
    assert deployed.model.version == "1"
    assert deployed.golden_windows == 5
    assert served(cluster) == models.storage_uri("1")
    labels = cluster.service()["metadata"]["labels"]
    assert labels["macro-cycle/model-version"] == models.bundles["1"].meta["model_version"]
    assert labels["macro-cycle/run-id"] == deployed.model.run_id


@pytest.mark.parametrize("mode", MODES)
def test_a_new_version_replaces_the_old_one_after_a_canary_without_traffic(cluster, models, mode):
    deployment = cluster.deployment(mode)
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/1")
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/2")
    assert served(cluster) == models.storage_uri("2")
    assert cluster.service()["metadata"]["labels"]["macro-cycle/registry-version"] == "2"
    shares = [_share(document) for document in cluster.controller.seen]
    assert [share for share in shares if share is not None] == [0]


@pytest.mark.parametrize("mode", MODES)
def test_a_version_that_does_not_load_leaves_what_served(cluster, models, mode):
    deployment = cluster.deployment(mode)
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/1")
    del cluster.storage[models.storage_uri("2")]
    with pytest.raises(DeploymentError, match="ModelLoadFailed"):
        deployment.create_inference_service(MODEL, f"models:/{MODEL}/2")
    assert served(cluster) == models.storage_uri("1")
    assert cluster.service()["metadata"]["labels"]["macro-cycle/registry-version"] == "1"


@pytest.mark.parametrize("mode", MODES)
def test_a_version_that_answers_otherwise_than_here_leaves_what_served(cluster, models, mode):
    deployment = cluster.deployment(mode)
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/1")
    cluster.storage[models.storage_uri("2")] = models.bundles["1"]
    with pytest.raises(DeploymentError, match="answers with model"):
        deployment.create_inference_service(MODEL, f"models:/{MODEL}/2")
    assert served(cluster) == models.storage_uri("1")


def test_a_first_version_that_answers_otherwise_leaves_nothing(cluster, models):
    cluster.storage[models.storage_uri("1")] = models.bundles["2"]
    with pytest.raises(DeploymentError, match="answers with model"):
        cluster.deployment().create_inference_service(MODEL, f"models:/{MODEL}/1")
    assert InferenceServices(cluster.namespace).read(MODEL) is None


@pytest.mark.parametrize("mode", MODES)
def test_a_rollout_cut_short_is_taken_back_or_done_again(cluster, models, mode):
    deployment = cluster.deployment(mode, gate=Killed())
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/1")
    for wanted in ("1", "2"):
        with pytest.raises(KeyboardInterrupt):
            deployment.create_inference_service(MODEL, f"models:/{MODEL}/2")
        assert _share(cluster.service()) == 10
        cluster.deployment(mode).create_inference_service(MODEL, f"models:/{MODEL}/{wanted}")
        assert served(cluster) == models.storage_uri(wanted)


@pytest.mark.parametrize("mode", MODES)
def test_traffic_grows_in_steps_and_a_step_that_fails_takes_all_of_it_back(cluster, models, mode):
    cluster.deployment(mode).create_inference_service(MODEL, f"models:/{MODEL}/1")
    cluster.controller.seen.clear()
    with pytest.raises(DeploymentError, match="too slow"):
        cluster.deployment(mode, gate=RefusesSecond()).create_inference_service(MODEL, f"models:/{MODEL}/2")
    assert served(cluster) == models.storage_uri("1")
    assert [_share(document) for document in cluster.controller.seen] == [0, 10, 50, None]


def test_the_assets_deployer_serves_a_registered_bundle_and_withdraws_it(cluster, models):
    settings = read_settings(kserve={"namespace": cluster.namespace, "artifact_mounts": models.mounts})
    deployer = KubernetesDeployer(settings, models.uri)
    deployer._kserve = cluster.deployment()
    bundle = models.bundles["2"]
    deployed = deployer.deploy(dataclasses.replace(bundle, meta={**bundle.meta, "mlflow_version": "2"}))
    assert served(cluster) == models.storage_uri("2")
    assert deployed.recession_probability == bundle.expected["recession_probability"]
    assert (deployed.version, deployer.serving_version()) == ("2", "2")
    assert deployer.restore("1").model_version == models.bundles["1"].meta["model_version"]
    assert deployer.serving_version() == "1"
    for _ in range(2):
        deployer.withdraw()
        assert deployer.serving_version() is None


def test_a_service_is_told_and_says_whose_model_it_serves(cluster, models):
    name = f"{MODEL}-br"
    served_as = {"namespace": cluster.namespace, "artifact_mounts": models.mounts, "model_name": name}
    deployer = KubernetesDeployer(read_settings(kserve=served_as), models.uri, "br")
    assert deployer._kserve._target.cycle == "br"
    deployer._kserve = cluster.deployment(cycle="br")
    bundle = models.bundles["2"]
    for version in ("1", "2"):
        deployer.deploy(dataclasses.replace(bundle, meta={**bundle.meta, "mlflow_version": version}))
        document = cluster.service(name)
        assert document["metadata"]["labels"]["macro-cycle/cycle"] == "br"
        assert document["spec"]["predictor"]["labels"]["macro-cycle/cycle"] == "br"
        told = document["spec"]["predictor"]["model"]["env"]
        assert told == [{"name": "MACRO_CYCLE_KSERVE__CYCLE", "value": "br"}]


def test_the_service_of_a_cycle_takes_no_model_of_another(cluster, models):
    cluster.deployment().create_inference_service(MODEL, f"models:/{MODEL}/1")
    with pytest.raises(DeploymentError, match="serves the cycle us; give br another name"):
        cluster.deployment(cycle="br").create_inference_service(MODEL, f"models:/{MODEL}/2")
    assert served(cluster) == models.storage_uri("1")


def test_nothing_is_promoted_that_was_not_recorded(cluster, models):
    deployment = cluster.deployment()
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/1")

    def unrecorded(_deployed: object) -> None:
        assert _share(cluster.service()) == 0
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        deployment.create_inference_service(MODEL, f"models:/{MODEL}/2", commit=unrecorded)
    assert served(cluster) == models.storage_uri("1")


def test_a_first_version_that_was_not_recorded_does_not_stay(cluster):
    def unrecorded(_deployed: object) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        cluster.deployment().create_inference_service(MODEL, f"models:/{MODEL}/1", commit=unrecorded)
    assert InferenceServices(cluster.namespace).read(MODEL) is None


def test_what_somebody_else_writes_meanwhile_stands(cluster, models):
    deployment = cluster.deployment()
    deployment.create_inference_service(MODEL, f"models:/{MODEL}/1")

    def interfere(document):
        if document["spec"].get("canary") and document["spec"]["predictor"]["maxReplicas"] == 4:
            services = InferenceServices(cluster.namespace)
            services.change(services.read(MODEL), {"spec": {"predictor": {"maxReplicas": 9}}})

    cluster.controller.before = interfere
    with pytest.raises(Superseded, match=r"somebody else changed|modified"):
        deployment.create_inference_service(MODEL, f"models:/{MODEL}/2")
    assert cluster.service()["spec"]["predictor"]["maxReplicas"] == 9


def test_the_mode_of_a_service_is_not_changed(cluster):
    cluster.deployment("Standard").create_inference_service(MODEL, f"models:/{MODEL}/1")
    with pytest.raises(DeploymentError, match="runs in the mode Standard"):
        cluster.deployment("Knative").create_inference_service(MODEL, f"models:/{MODEL}/2")


def test_what_kubernetes_refuses_is_said_in_one_line_and_nothing_is_made(cluster):
    with pytest.raises(DeploymentError, match=r"^Kubernetes refused: metadata.name: 'Not_A_Name'[^\n]*$"):
        cluster.deployment().create_inference_service("Not_A_Name", f"models:/{MODEL}/1")


def test_the_same_version_again_changes_nothing(cluster):
    deployment = cluster.deployment()
    first = deployment.create_inference_service(MODEL, f"models:/{MODEL}@champion")
    again = deployment.create_inference_service(MODEL, f"models:/{MODEL}/Production")
    assert dataclasses.asdict(first) == dataclasses.asdict(again)


def test_a_service_without_a_cluster_says_what_to_set(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(DeploymentError, match="set KUBECONFIG"):
        KServeDeployment("default").create_inference_service("m", "s3://bucket/model")


def test_no_service_scales_to_zero():
    with pytest.raises(MacroCycleError, match="never scales to zero"):
        Target(min_replicas=0)


def _share(document: dict) -> int | None:
    """The percent that a canary has; None without one."""
    spec = json.loads(json.dumps(document["spec"]))
    canary = spec.get("canary", [{}])[0]
    return canary.get("trafficPercent", spec["predictor"].get("canaryTrafficPercent"))


class Killed:
    """A gate at which the deployer dies."""

    def check(self, pods: str) -> None:
        raise KeyboardInterrupt


class RefusesSecond:
    """A gate that lets one step pass."""

    def __init__(self) -> None:
        self._passed = 0

    def check(self, pods: str) -> None:
        self._passed += 1
        if self._passed > 1:
            raise DeploymentError("too slow")
