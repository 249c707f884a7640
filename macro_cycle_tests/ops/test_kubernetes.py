"""Every manifest is what its API takes, pods are confined, and Dagster's values say what the platform means."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import jsonschema
import kubernetes_validate
import pytest
import yaml
from dagster_k8s import K8sRunLauncher

from macro_cycle.automation.executor import executor
from macro_cycle.cycles import library
from macro_cycle.cycles.naming import endpoint_of
from macro_cycle.platform.settings import PREFIX, DagsterSettings, Settings

OPS = Path(__file__).resolve().parents[2] / ".ops"
VALUES = yaml.safe_load((OPS / ".kubernetes" / "dagster-values.yaml").read_text())
VERSION = "1.31"
CUSTOM = {"ExternalSecret", "ServingRuntime"}
FOLDERS = (".kserve", ".kubernetes")

Document = dict[str, Any]


def manifests() -> Iterator[tuple[str, Document]]:
    for folder in FOLDERS:
        listed = yaml.safe_load((OPS / folder / "kustomization.yaml").read_text())["resources"]
        for name in listed:
            for document in yaml.safe_load_all((OPS / folder / name).read_text()):
                yield f"{folder}/{name} {document['kind']} {document['metadata']['name']}", document


def pods() -> Iterator[tuple[str, Document]]:
    """Pod specs, wherever they stand."""
    for name, document in manifests():
        if document["kind"] == "ServingRuntime":
            yield name, document["spec"]
        elif "template" in document.get("spec", {}):
            yield name, document["spec"]["template"]["spec"]


def named(found: Iterator[tuple[str, Document]]) -> Any:
    listed = list(found)
    return pytest.mark.parametrize("document", [d for _, d in listed], ids=[name for name, _ in listed])


@named(manifests())
def test_a_manifest_is_what_its_api_takes(document):
    if document["kind"] in CUSTOM:
        assert {"apiVersion", "kind", "metadata", "spec"} <= set(document)
    else:
        kubernetes_validate.validate(document, VERSION, strict=True)


def test_what_an_api_does_not_take_is_found():
    policy = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "x"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**policy, "spec": {"minAvailabel": 1}}, VERSION, strict=True)


@named(pods())
def test_a_pod_is_confined_bounded_and_probed(document):
    for container in document["containers"]:
        security = {**document.get("securityContext", {}), **container["securityContext"]}
        assert security["runAsNonRoot"] is True
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert set(container["resources"]) == {"requests", "limits"}
        assert {"readinessProbe", "livenessProbe"} <= set(container)
        assert ":" in container["image"]
        assert "latest" not in container["image"]


def test_each_cycle_s_service_keeps_a_pod():
    budgets = [
        document["spec"] for _, document in manifests() if document["metadata"]["name"].startswith("macro-cycle-hmm")
    ]
    kept = {each["selector"]["matchLabels"]["serving.kserve.io/inferenceservice"] for each in budgets}
    assert kept == {endpoint_of(Settings(), definition) for definition in library(Settings()).found.values()}


def test_no_secret_is_written_down():
    assert [name for name, document in manifests() if document["kind"] == "Secret"] == []
    assert "postgresqlPassword" not in VALUES["postgresql"]


def test_every_setting_of_the_cluster_is_known_and_allowed(monkeypatch):
    settings = yaml.safe_load((OPS / ".kubernetes" / "settings.yaml").read_text())["data"]
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    read = Settings()
    assert (read.dagster.executor, read.kserve.deployer) == ("kubernetes", "kubernetes")


def test_steps_run_where_the_settings_say():
    assert executor(DagsterSettings()) is dg.in_process_executor
    assert executor(DagsterSettings(executor="kubernetes")).name == "k8s"


def test_dagster_s_launcher_takes_what_the_values_say_of_runs():
    launcher = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
    config = {
        "run_k8s_config": {_snake(k): _snaked(v) for k, v in launcher["runK8sConfig"].items()},
        "image_pull_policy": launcher["imagePullPolicy"],
        "labels": launcher["labels"],
        "service_account_name": VALUES["global"]["serviceAccountName"],
        "instance_config_map": "dagster-instance",
        "dagster_home": "/opt/dagster/dagster_home",
        "load_incluster_config": launcher["loadInclusterConfig"],
        "fail_pod_on_run_failure": launcher["failPodOnRunFailure"],
        "env_secrets": [secret["name"] for secret in launcher["envSecrets"]],
        "env_config_maps": [settings["name"] for settings in launcher["envConfigMaps"]],
    }
    schema = dg.Field(K8sRunLauncher.config_type())
    assert dg._config.validate_config(schema.config_type, config).success
    assert not dg._config.validate_config(schema.config_type, {**config, "run_k8s_configs": {}}).success


def test_the_queue_is_the_one_of_the_stack():
    stack = yaml.safe_load((OPS.parent / "dagster.yaml").read_text())
    assert VALUES["additionalInstanceConfig"]["concurrency"] == stack["concurrency"]


def test_the_chart_takes_the_values():
    chart = os.environ.get("DAGSTER_HELM_CHART")
    if chart is None:
        pytest.skip("DAGSTER_HELM_CHART names no folder with Dagster's chart")
    schema = json.loads((Path(chart) / "values.schema.json").read_text())
    defaults = yaml.safe_load((Path(chart) / "values.yaml").read_text())
    jsonschema.validate(_over(defaults, VALUES), schema)


def _over(under: Any, over: Any) -> Any:
    """Values over defaults, as Helm lays them."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return {**under, **{key: _over(under.get(key), value) for key, value in over.items()}}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _snaked(value: Any) -> Any:
    """Kubernetes' names as Dagster's launcher writes those of the first level."""
    return {_snake(key): inner for key, inner in value.items()} if isinstance(value, dict) else value
