"""Bringing a bundle to an endpoint: prepare, verify, commit.

Nothing answers others than the verifying call before the commit, and what was committed answers after any restart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.serving.answering import check_answer
from macro_cycle.serving.bundle_store import store_of
from macro_cycle.serving.credentials import ManagementToken
from macro_cycle.serving.questions import LATEST
from macro_cycle.training.bundle import Bundle

ANSWER_SECONDS, CONNECT_SECONDS = 30, 3
RETRY_SECONDS = 0.2
CANDIDATE = "x-bundle-version"


class DeploymentError(MacroCycleError):
    """The bundle was not taken into service; what served before still does."""


class _Absent(Exception):
    """The server did not answer; it may be restarting."""


@dataclass(frozen=True)
class Deployment:
    """A verified deployment: where it answers, with which version, and what it answered for the newest month.

    `version` names the bundle where the deployer keeps bundles, `model_version` the model in it.
    """

    endpoint: str
    model_version: str
    label: str
    recession_probability: float
    version: str = ""


class Deployer(Protocol):
    """Takes bundles into service."""

    def deploy(self, bundle: Bundle, commit: Callable[[Deployment], None] | None = None) -> Deployment:
        """Prepare the bundle beside what serves, verify its answers, call `commit`, and have it serve.

        `commit` is called once the answers are verified and before anybody is answered by them: what it records is
        recorded before it acts, and if it raises, the former bundle serves on.

        Raises:
            DeploymentError: the endpoint refused the bundle, does not answer, or answers wrongly.
        """
        ...

    def restore(self, version: str) -> Deployment:
        """Have a bundle serve that was deployed before, verified anew: to follow the record, or to roll back.

        Raises:
            DeploymentError: it is not there whole, or does not answer as it must.
        """
        ...

    def withdraw(self) -> None:
        """Have nothing serve from now on, and after any restart."""
        ...

    def serving_version(self) -> str | None:
        """The version of the bundle that was committed and answers after any restart; None without one."""
        ...


class LocalDeployer:
    """Deploys a cycle's model to the model server of this machine, which reads the same bundle store.

    settings: as they are for the cycle.
    """

    def __init__(self, settings: Settings, cycle: str = DEFAULT) -> None:
        self._name = settings.kserve.model_name
        self._base = f"http://{settings.kserve.host}:{settings.kserve.port}"
        self._patience = settings.kserve.patience_seconds
        self._store = store_of(settings.home, cycle)
        self._token = ManagementToken(settings.home / "serving" / "token")

    def deploy(self, bundle: Bundle, commit: Callable[[Deployment], None] | None = None) -> Deployment:
        """As `Deployer.deploy`; killed at any point, what was committed serves, and a repetition completes it."""
        try:
            version = self._store.put(bundle)
        except OSError as error:
            raise DeploymentError(f"the bundle cannot be stored: {error.strerror}") from None
        return self._deploy(bundle, version, commit)

    def restore(self, version: str) -> Deployment:
        """As `Deployer.restore`."""
        try:
            bundle = self._store.get(version)
        except MacroCycleError as error:
            raise DeploymentError(str(error)) from None
        return self._deploy(bundle, version, None)

    def withdraw(self) -> None:
        """As `Deployer.withdraw`; the server, which need not run, follows the store."""
        try:
            self._store.withdraw()
        except OSError as error:
            raise DeploymentError(f"the deployment cannot be withdrawn: {error.strerror}") from None

    def serving_version(self) -> str | None:
        """As `Deployer.serving_version`, read from the store: the server need not run."""
        committed = self._store.committed()
        return committed[0] if committed else None

    def _deploy(self, bundle: Bundle, version: str, commit: Callable[[Deployment], None] | None) -> Deployment:
        self._manage(version, "prepare")
        deployment = self._verified(bundle, version)
        if commit is not None:
            commit(deployment)
        self._manage(version, "commit")
        return deployment

    def _manage(self, version: str, act: str) -> None:
        self._post(f"/v2/repository/models/{self._name}/versions/{version}/{act}", None, {})

    def _verified(self, bundle: Bundle, version: str) -> Deployment:
        named = {CANDIDATE: version}
        path = f"/v1/models/{self._name}:predict"
        v1 = self._post(path, {"instances": [{"as_of": LATEST}]}, named)["predictions"][0]
        request = {"inputs": [{"name": "as_of", "shape": [1], "datatype": "BYTES", "data": [LATEST]}]}
        v2 = _answer_of(self._post(f"/v2/models/{self._name}/infer", request, named)["outputs"])
        for protocol, answer in (("V1", v1), ("V2", v2)):
            self._check(answer, bundle, f"the endpoint over {protocol}")
        return Deployment(
            endpoint=f"{self._base}{path}",
            model_version=v1["model_version"],
            label=v1["label"],
            recession_probability=v1["recession_probability"],
            version=version,
        )

    def _check(self, answer: Mapping[str, Any], bundle: Bundle, who: str) -> None:
        check_answer(answer, bundle.expected, tuple(bundle.model["labels"]), who, DeploymentError)
        wanted = {
            "model_version": bundle.meta["model_version"],
            "reference_month": str(bundle.expected["reference_month"])[:7],
            "as_of": bundle.meta["as_of"],
        }
        for name, value in wanted.items():
            if answer.get(name) != value:
                raise DeploymentError(f"{who} answers {name} {answer.get(name)} instead of {value}")

    def _post(self, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        """The answer to a call with the token, repeated while the server is not there."""
        patiently = Retrying(
            retry=retry_if_exception_type(_Absent),
            stop=stop_after_delay(self._patience),
            wait=wait_fixed(RETRY_SECONDS),
            reraise=True,
        )
        try:
            return patiently(self._post_once, path, body, headers)
        except _Absent as absent:
            raise DeploymentError(
                f"the model server at {self._base} does not answer ({absent}); start it with `macro-cycle up`"
            ) from None

    def _post_once(self, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        import httpx

        named = {**headers, "authorization": self._token.authorization()}
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        try:
            response = httpx.post(f"{self._base}{path}", json=body, headers=named, timeout=timeout, trust_env=False)
        except httpx.HTTPError as error:
            raise _Absent(type(error).__name__) from None
        if response.status_code != 200:
            raise DeploymentError(f"the model server refused {path.rpartition('/')[2]}: {response.text[:500]}")
        return response.json()


def _answer_of(outputs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer that the V2 outputs of one instance hold."""
    columns = {output["name"]: output["data"] for output in outputs}
    probabilities = dict(zip(columns["labels"], columns["probabilities"], strict=True))
    names = ("label", "recession_probability", "model_version", "reference_month", "as_of")
    return {name: columns[name][0] for name in names if name in columns} | {"probabilities": probabilities}
