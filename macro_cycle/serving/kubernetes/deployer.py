"""The deployer of the assets for a cluster: the version behind a bundle to the platform's InferenceService."""

from macro_cycle.platform.settings import Settings
from macro_cycle.serving.deployers import Deployment
from macro_cycle.serving.kubernetes.deployment import KServeDeployment
from macro_cycle.serving.kubernetes.manifests import Target
from macro_cycle.serving.kubernetes.traffic import TrafficGate
from macro_cycle.training.bundle import Bundle


class KubernetesDeployer:
    """Deploys to the namespace of the settings; the cluster reads the files of the registry at `tracking_uri`."""

    def __init__(self, settings: Settings, tracking_uri: str) -> None:
        self._model, self._service = settings.mlflow.registered_model, settings.kserve.model_name
        self._kserve = KServeDeployment(
            settings.kserve.namespace,
            target=Target(mode=settings.kserve.deployment_mode, mounts=dict(settings.kserve.artifact_mounts)),
            tracking_uri=tracking_uri,
            gate=TrafficGate(settings.kserve.prometheus_url) if settings.kserve.prometheus_url else None,
        )

    def deploy(self, bundle: Bundle) -> Deployment:
        """Serve the bundle's version and verify it; on any failure the former version serves.

        Raises:
            MacroCycleError: the cluster cannot read the version's files.
            DeploymentError: the cluster refuses it, or it answers wrongly.
        """
        version = bundle.meta["mlflow_version"]
        deployed = self._kserve.create_inference_service(self._service, f"models:/{self._model}/{version}")
        return Deployment(
            endpoint=f"{deployed.url}/v1/models/{self._service}:predict",
            model_version=bundle.meta["model_version"],
            label=bundle.expected["label"],
            recession_probability=bundle.expected["recession_probability"],
        )

    def withdraw(self) -> None:
        """Serve nothing from now on."""
        self._kserve.delete_inference_service(self._service)
