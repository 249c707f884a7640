"""What moves becomes an immutable version with files that a cluster can read, or is refused in one line."""

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.kubernetes.model_uri import resolve
from macro_cycle_tests.serving.kubernetes.conftest import MODEL


@pytest.mark.parametrize("uri", ["s3://bucket/model", "gs://bucket/model", "pvc://claim/model"])
def test_a_storage_uri_is_taken_as_it_is(uri):
    found = resolve(uri, None, {})
    assert (found.storage_uri, found.artifact_uri) == (uri, None)


@pytest.mark.parametrize(
    "uri", ["/srv/models/1", "file:///srv/models/1", "mlflow-artifacts:/1/model", "runs:/1/model", "C:\\model", ""]
)
def test_files_that_no_cluster_can_read_are_refused(uri):
    with pytest.raises(MacroCycleError, match="a cluster cannot read"):
        resolve(uri, None, {})


@pytest.mark.parametrize("uri", ["models:/", "models:/name", "models:/name@", "models:/a/b/c", "models:name/1"])
def test_a_uri_without_a_version_is_refused(uri):
    with pytest.raises(MacroCycleError, match="names no version"):
        resolve(uri, None, {})


def test_a_mount_is_a_folder_and_not_a_beginning_of_a_name():
    mounts = {"file:///srv/mlflow": "pvc://mlflow/"}
    assert resolve("file:///srv/mlflow/1/model", None, mounts).storage_uri == "pvc://mlflow/1/model"
    with pytest.raises(MacroCycleError, match="cannot read file:///srv/mlflow2"):
        resolve("file:///srv/mlflow2/1/model", None, mounts)


@pytest.mark.slow
@pytest.mark.parametrize("moving", ["@champion", "/Production", "/production", "/1"])
def test_what_moves_is_resolved_to_the_version_of_now(models, moving):
    found = resolve(f"models:/{MODEL}{moving}", models.uri, models.mounts)
    assert (found.name, found.version) == (MODEL, "1")
    assert found.storage_uri == models.storage_uri("1")
    assert found.model_version == models.bundles["1"].meta["model_version"]


@pytest.mark.slow
@pytest.mark.parametrize("unknown", ["@nobody", "/99", "/latest", "/Staging"])
def test_what_the_registry_does_not_know_is_named(models, unknown):
    with pytest.raises(MacroCycleError, match=f"MLflow knows no models:/{MODEL}"):
        resolve(f"models:/{MODEL}{unknown}", models.uri, models.mounts)
