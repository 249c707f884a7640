"""InferenceServices over the Kubernetes API: reading, creating and changing them, errors in one line."""

import json
import os
from collections.abc import Mapping
from typing import Any

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.manifests import GROUP, PLURAL, VERSION

Document = dict[str, Any]
MERGE = "application/merge-patch+json"


class Superseded(DeploymentError):
    """Somebody else changed the service meanwhile; what they wrote stands."""


class InferenceServices:
    """The InferenceServices of a namespace, in the cluster that KUBECONFIG or the pod's own account points to."""

    def __init__(self, namespace: str) -> None:
        from kubernetes import client

        self._namespace = namespace
        self._api = client.CustomObjectsApi(client.ApiClient(_configuration()))

    def read(self, name: str) -> Document | None:
        """The service, or None."""
        found: Document | None = self._call("get_namespaced_custom_object", name, missing_is_none=True)
        return found

    def create(self, document: Document, dry_run: bool = False) -> Document:
        """Create a service; with `dry_run` the server checks it, webhooks included, and keeps nothing."""
        return self._call("create_namespaced_custom_object", document, options=_dry(dry_run))

    def change(self, current: Document, change: Document, dry_run: bool = False) -> Document:
        """Merge `change` into the service as it was read; refused if somebody changed it meanwhile."""
        metadata = current["metadata"]
        body = {**change, "metadata": {**change.get("metadata", {}), "resourceVersion": metadata["resourceVersion"]}}
        options = {**_dry(dry_run), "_content_type": MERGE}
        return self._call("patch_namespaced_custom_object", metadata["name"], body, options=options)

    def delete(self, name: str) -> None:
        """Delete a service that is there."""
        self._call("delete_namespaced_custom_object", name, missing_is_none=True)

    def _call(
        self, method: str, *arguments: Any, missing_is_none: bool = False, options: Mapping[str, str] | None = None
    ) -> Any:
        from kubernetes.client.rest import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return getattr(self._api, method)(GROUP, VERSION, self._namespace, PLURAL, *arguments, **(options or {}))
        except ApiException as error:
            if error.status == 404 and missing_is_none:
                return None
            kind = Superseded if error.status == 409 else DeploymentError
            raise kind(f"Kubernetes refused: {_message(error)}") from None
        except HTTPError as error:
            raise DeploymentError(f"the Kubernetes API does not answer ({type(error).__name__})") from None


def _configuration() -> Any:
    """Of KUBECONFIG, else of the pod that this runs in, else of ~/.kube/config."""
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    configuration, file = client.Configuration(), os.environ.get("KUBECONFIG")
    try:
        if file is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=configuration)
        else:
            config.load_kube_config(config_file=file, client_configuration=configuration)
    except ConfigException as error:
        raise DeploymentError(f"no Kubernetes cluster is configured; set KUBECONFIG ({error})") from None
    return configuration


def _dry(wanted: bool) -> dict[str, str]:
    return {"dry_run": "All"} if wanted else {}


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"
