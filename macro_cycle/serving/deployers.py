"""Bringing a bundle to an endpoint, and believing it only after a real prediction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.serving.answering import LATEST, TOLERANCE
from macro_cycle.serving.shelf import Shelf
from macro_cycle.training.bundle import Bundle

TIMEOUT = httpx.Timeout(30, connect=3)


class DeploymentError(MacroCycleError):
    """The bundle was not taken into service; what served before still does."""


@dataclass(frozen=True)
class Deployment:
    """A verified deployment: where it answers, with which version, and what it answered for the newest month."""

    endpoint: str
    model_version: str
    label: str
    recession_probability: float


class Deployer(Protocol):
    """Takes bundles into service."""

    def deploy(self, bundle: Bundle) -> Deployment:
        """Serve the bundle and verify it; on any failure the former bundle serves.

        Raises:
            DeploymentError: the endpoint refused the bundle, does not answer, or answers wrongly.
        """
        ...

    def withdraw(self) -> None:
        """Serve nothing from now on."""
        ...


class LocalDeployer:
    """Deploys to the model server of this machine."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.kserve.model_name
        self._base = f"http://{settings.kserve.host}:{settings.kserve.port}"
        self._shelf = Shelf(settings)

    def deploy(self, bundle: Bundle) -> Deployment:
        """Put the bundle on the shelf, have it loaded, compare V1 and V2 with the expected answer."""
        former, version = self._shelf.current, self._shelf.add(bundle)
        self._load(version)
        try:
            return self._verified(bundle)
        except DeploymentError:
            if former is not None and former != version:
                self._load(former)
            raise

    def withdraw(self) -> None:
        """Serve nothing from now on; nothing is to be done where nothing serves."""
        if self._shelf.current is not None:
            raise DeploymentError("no model stands promoted, and the endpoint cannot be emptied")

    def _load(self, version: str) -> None:
        self._shelf.request(version)
        self._post(f"/v2/repository/models/{self._name}/load", None)

    def _verified(self, bundle: Bundle) -> Deployment:
        v1 = self._post(f"/v1/models/{self._name}:predict", {"instances": [{"as_of": LATEST}]})["predictions"][0]
        request = {"inputs": [{"name": "as_of", "shape": [1], "datatype": "BYTES", "data": [LATEST]}]}
        outputs = self._post(f"/v2/models/{self._name}/infer", request)["outputs"]
        v2 = {output["name"]: output["data"] for output in outputs}
        served = dict(zip(v2["labels"], v2["probabilities"], strict=True))
        for answered in (v1["probabilities"], served):
            _compare(answered, bundle.expected["probabilities"])
        if v1["model_version"] != bundle.meta["model_version"]:
            raise DeploymentError(
                f"the endpoint answers with model {v1['model_version']} instead of {bundle.meta['model_version']}"
            )
        endpoint = f"{self._base}/v1/models/{self._name}:predict"
        return Deployment(endpoint, v1["model_version"], v1["label"], v1["recession_probability"])

    def _post(self, path: str, body: Any) -> Any:
        try:
            response = httpx.post(f"{self._base}{path}", json=body, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise DeploymentError(
                f"the model server at {self._base} does not answer ({type(error).__name__}); "
                "start it with `macro-cycle up`"
            ) from None
        if response.status_code != 200:
            raise DeploymentError(f"the model server refused {path}: {response.text[:500]}")
        return response.json()


def _compare(answered: Mapping[str, float], expected: Mapping[str, float]) -> None:
    wrong = [label for label, p in expected.items() if not abs(answered.get(label, -1.0) - p) <= TOLERANCE]
    if wrong:
        raise DeploymentError(
            f"the endpoint answers {answered.get(wrong[0])} for {wrong[0]} instead of {expected[wrong[0]]}"
        )
