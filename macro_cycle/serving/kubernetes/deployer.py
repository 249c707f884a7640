"""The deployer of the assets for a cluster: the version behind a bundle to the platform's InferenceService."""

from collections.abc import Callable

from macro_cycle.cycles import DEFAULT
from macro_cycle.platform.settings import Settings
from macro_cycle.serving.deployers import Deployment, DeploymentError
from macro_cycle.serving.kubernetes.attempt import Deployed
from macro_cycle.serving.kubernetes.deployment import KServeDeployment
from macro_cycle.serving.kubernetes.manifests import Target
from macro_cycle.serving.kubernetes.traffic import TrafficGate
from macro_cycle.training.bundle import Bundle


class KubernetesDeployer:
    """Deploys a cycle's model to the namespace of the settings; the cluster reads the registry's files.

    settings: as they are for the cycle. tracking_uri: the registry's. A version is the registry's number.
    """

    def __init__(self, settings: Settings, tracking_uri: str, cycle: str = DEFAULT) -> None:
        self._model, self._service = settings.mlflow.registered_model, settings.kserve.model_name
        self._kserve = KServeDeployment(
            settings.kserve.namespace,
            target=Target(
                cycle=cycle,
                mode=settings.kserve.deployment_mode,
                mounts=dict(settings.kserve.artifact_mounts),
            ),
            tracking_uri=tracking_uri,
            gate=TrafficGate(settings.kserve.prometheus_url) if settings.kserve.prometheus_url else None,
        )

    def deploy(self, bundle: Bundle, commit: Callable[[Deployment], None] | None = None) -> Deployment:
        """As `Deployer.deploy`."""
        return self._serve(str(bundle.meta["mlflow_version"]), bundle, commit or (lambda _deployment: None))

    def restore(self, version: str) -> Deployment:
        """As `Deployer.restore`."""
        bundle = self._kserve.bundle(self._uri(version))
        if bundle is None:
            raise DeploymentError(f"{self._uri(version)} is no bundle of this platform")
        return self._serve(version, bundle, lambda _deployment: None)

    def withdraw(self) -> None:
        """As `Deployer.withdraw`."""
        self._kserve.delete_inference_service(self._service)

    def serving_version(self) -> str | None:
        """As `Deployer.serving_version`."""
        return self._kserve.serving_version(self._service)

    def _serve(self, version: str, bundle: Bundle, commit: Callable[[Deployment], None]) -> Deployment:
        def described(deployed: Deployed) -> Deployment:
            return Deployment(
                endpoint=f"{deployed.url}/v1/models/{self._service}:predict",
                model_version=bundle.meta["model_version"],
                label=bundle.expected["label"],
                recession_probability=bundle.expected["recession_probability"],
                version=version,
            )

        return described(
            self._kserve.create_inference_service(
                self._service, self._uri(version), commit=lambda deployed: commit(described(deployed))
            )
        )

    def _uri(self, version: str) -> str:
        return f"models:/{self._model}/{version}"
