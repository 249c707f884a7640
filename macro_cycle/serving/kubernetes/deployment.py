"""`KServeDeployment`: from a model's URI to an InferenceService that answers with it."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes.api import InferenceServices
from macro_cycle.serving.kubernetes.attempt import Attempt, Deployed, Patience
from macro_cycle.serving.kubernetes.manifests import CYCLE, REGISTRY_VERSION, Target, inference_service, predictor
from macro_cycle.serving.kubernetes.model_uri import ResolvedModel, resolve
from macro_cycle.serving.kubernetes.rollout import rollout
from macro_cycle.serving.kubernetes.traffic import TrafficGate
from macro_cycle.training.bundle import Bundle


class KServeDeployment:
    """Deploys registered models to a namespace of the cluster that KUBECONFIG points to.

    `tracking_uri` is MLflow's default (MLFLOW_TRACKING_URI) if None. Without a `gate` the traffic is not stepped: a
    canary that answers the golden windows is promoted.
    """

    def __init__(
        self,
        namespace: str = "default",
        *,
        target: Target | None = None,
        tracking_uri: str | None = None,
        gate: TrafficGate | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._namespace = namespace
        self._target = target or Target()
        self._tracking_uri = tracking_uri
        self._gate = gate
        self._patience = patience or Patience()

    def create_inference_service(
        self,
        service_name: str,
        model_uri: str,
        model_format: str = "macro-cycle",
        commit: Callable[[Deployed], None] = lambda _deployed: None,
    ) -> Deployed:
        """Serve the model behind `model_uri`; until it has proved itself, and if it does not, what served still does.

        `model_uri` is `models:/name@alias`, `models:/name/Production` (the alias champion), `models:/name/3`, or a
        storage URI. `model_format` is `macro-cycle` or `mlflow`; both run this package's predictor. `commit` is called
        once the model has passed everything and before it replaces another: what it records precedes what it is about.

        Raises:
            MacroCycleError: the model or its files cannot be found.
            DeploymentError: Kubernetes refuses, the model does not load, or it answers wrongly or too slowly; or the
                service is another cycle's.
        """
        model = resolve(model_uri, self._tracking_uri, self._target.mounts)
        wanted = predictor(model, model_format, self._target)
        services, bundle = InferenceServices(self._namespace), self._bundle(model)
        attempt = Attempt(
            services, service_name, model, wanted, bundle, self._target, self._gate, self._patience, commit
        )
        current = services.read(service_name)
        if current is None:
            return attempt.create(inference_service(service_name, self._namespace, model, wanted, self._target))
        if (theirs := current["metadata"].get("labels", {}).get(CYCLE, self._target.cycle)) != self._target.cycle:
            raise DeploymentError(f"{service_name} serves the cycle {theirs}; give {self._target.cycle} another name")
        steps = rollout(current, wanted, self._target)
        if steps.former.get("model", {}).get("storageUri") == model.storage_uri:
            return attempt.confirm(current, steps)
        return attempt.replace(current, steps)

    def serving_version(self, service_name: str) -> str | None:
        """The registry's number of the version that a service has promoted; None without one."""
        found = InferenceServices(self._namespace).read(service_name)
        labels = found["metadata"].get("labels", {}) if found else {}
        return labels.get(REGISTRY_VERSION)

    def bundle(self, model_uri: str) -> Bundle | None:
        """What a model must answer; None for files that no registry knows.

        Raises:
            MacroCycleError: the model cannot be found, or its files are no bundle.
        """
        return self._bundle(resolve(model_uri, self._tracking_uri, self._target.mounts))

    def delete_inference_service(self, service_name: str) -> None:
        """Serve nothing under this name; nothing is to be done where nothing serves.

        Raises:
            DeploymentError: Kubernetes refuses or does not answer.
        """
        InferenceServices(self._namespace).delete(service_name)

    def _bundle(self, model: ResolvedModel) -> Bundle | None:
        """What the version must answer; None for files that the registry does not know."""
        if model.artifact_uri is None:
            return None
        import mlflow

        with tempfile.TemporaryDirectory() as folder:
            local = mlflow.artifacts.download_artifacts(
                artifact_uri=model.artifact_uri, dst_path=folder, tracking_uri=self._tracking_uri
            )
            return Bundle.read(Path(local))
