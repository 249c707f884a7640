"""From a model's URI to one immutable version and to where KServe can read it.

`models:/name@alias` and `models:/name/Production` move; a deployment must not. So an alias becomes a version, and the
version the address of its files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from macro_cycle.errors import MacroCycleError
from macro_cycle.registry.names import tag_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

READABLE = ("s3", "gs", "pvc", "oci", "http", "https", "hdfs", "webhdfs")
STAGES = {"production": "champion", "staging": "challenger"}
_REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[^/@]+))")


@dataclass(frozen=True)
class ResolvedModel:
    """A model's files as KServe's storage initializer reads them, and where they come from if the registry knows.

    `version` is MLflow's number, `model_version` the hash of the model's content, `artifact_uri` where MLflow itself
    reads the files.
    """

    storage_uri: str
    name: str | None = None
    version: str | None = None
    run_id: str | None = None
    model_version: str | None = None
    artifact_uri: str | None = None


def resolve(model_uri: str, tracking_uri: str | None, mounts: Mapping[str, str]) -> ResolvedModel:
    """The immutable model behind `models:/name@alias`, `models:/name/Production`, `models:/name/3` or a storage URI.

    `mounts` maps prefixes of MLflow's artifact URIs to prefixes that the cluster reads, such as
    `{"file:///srv/mlflow": "pvc://mlflow"}` where a volume holds the folder. `tracking_uri` is MLflow's own default
    if None.

    Raises:
        MacroCycleError: no such model, version or alias, or files that no cluster can read.
    """
    if not model_uri.startswith("models:"):
        return ResolvedModel(_readable(model_uri, mounts))
    parts = _REGISTERED.fullmatch(model_uri)
    if parts is None:
        raise MacroCycleError(f"{model_uri} names no version; write models:/NAME@ALIAS, models:/NAME/Production or /3")
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    found = _version(client, parts["name"], parts["alias"], parts["version"])
    artifacts = client.get_model_version_download_uri(found.name, found.version)
    return ResolvedModel(
        storage_uri=_readable(artifacts, mounts),
        name=found.name,
        version=str(found.version),
        run_id=found.run_id or None,
        model_version=tag_of(found.tags, "model_version"),
        artifact_uri=artifacts,
    )


def _version(client: "MlflowClient", name: str, alias: str | None, version: str | None) -> "ModelVersion":
    from mlflow.exceptions import MlflowException

    alias = alias or STAGES.get((version or "").lower())
    try:
        if alias is not None:
            return client.get_model_version_by_alias(name, alias)
        return client.get_model_version(name, version)
    except MlflowException as error:
        wanted = f"{name}@{alias}" if alias else f"{name}/{version}"
        raise MacroCycleError(f"MLflow knows no models:/{wanted}: {error.message}") from None


def _readable(uri: str, mounts: Mapping[str, str]) -> str:
    for prefix, mounted in mounts.items():
        if uri.startswith(prefix.rstrip("/") + "/"):
            uri = mounted.rstrip("/") + uri.removeprefix(prefix.rstrip("/"))
    scheme = uri.partition("://")[0] if "://" in uri else uri.partition(":")[0]
    if scheme not in READABLE or "://" not in uri:
        raise MacroCycleError(
            f"a cluster cannot read {uri}; keep MLflow's artifacts under one of {', '.join(READABLE)} "
            "(mlflow server --default-artifact-root s3://...) or name the volume that holds them"
        )
    return uri
