"""Reading and writing MLflow: one run and one registered version per trained month, and the aliases."""

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from macro_cycle.errors import MacroCycleError
from macro_cycle.registry.pyfunc_model import write_mlmodel
from macro_cycle.training.bundle import Bundle

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

    from macro_cycle.hmm import MacroCycleHMM

for _quiet in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"):
    os.environ.setdefault(_quiet, "true")

CHAMPION, CHALLENGER = "champion", "challenger"
ARTIFACT = "model"


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model: MLflow's number, our content version, its month and its run."""

    version: str
    model_version: str
    as_of: str
    run_id: str


class Registry:
    """The registered model and the runs behind its versions.

    `tracking_uri` is a database URL or an MLflow server's; `artifact_root` is where a new experiment keeps its
    files when the database is written to directly.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path, experiment: str, name: str) -> None:
        import mlflow

        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
        self.name = name
        self._client = mlflow.MlflowClient()
        self._through_server = tracking_uri.startswith("http")
        self._experiment_id = self._experiment(experiment, artifact_root)
        self._ensure_model()

    def log_month(
        self,
        bundle: Bundle,
        tags: Mapping[str, str],
        parent_run_id: str | None = None,
        unfinished_run_id: str | None = None,
    ) -> RegisteredVersion:
        """Log a trained month as a finished run with its bundle, and register it as a version.

        `unfinished_run_id` is a run of this month and model that a crash cut short: it is continued. `bundle.meta`
        names as_of and model_version; its metrics are logged as metrics, `tags` on run and version.
        """
        meta = bundle.meta
        identity = {name: meta[name] for name in ("as_of", "model_version", "data_version")}
        if unfinished_run_id is None:
            run = self._create_run({**tags, **identity}, parent_run_id)
        else:
            run = self._client.get_run(unfinished_run_id)
        run_id, source = run.info.run_id, f"{run.info.artifact_uri}/{ARTIFACT}"
        self._log_figures(run_id, bundle)
        self._log_bundle(run_id, source, bundle)
        version = self._client.create_model_version(self.name, source, run_id, tags={**tags, **identity})
        self._client.set_terminated(run_id)
        return _registered(version)

    def unfinished(self) -> dict[tuple[str, str], str]:
        """Runs that a crash left unfinished, by (as_of, model_version)."""
        runs = self._client.search_runs(
            [self._experiment_id],
            "attributes.status = 'RUNNING' and tags.model_version != ''",
            max_results=5000,
        )
        return {(run.data.tags["as_of"], run.data.tags["model_version"]): run.info.run_id for run in runs}

    def versions(self) -> dict[tuple[str, str], RegisteredVersion]:
        """Every registered version by (as_of, model_version)."""
        found: dict[tuple[str, str], RegisteredVersion] = {}
        token = None
        while True:
            page = self._client.search_model_versions(f"name = '{self.name}'", page_token=token)
            found |= {(v.as_of, v.model_version): v for v in map(_registered, page)}
            token = page.token
            if not token:
                return found

    def start_parent(self, name: str, tags: Mapping[str, str]) -> str:
        """The run that a range's months are nested under, one that a crash cut short if there is one; its id."""
        cut_short = f"attributes.status = 'RUNNING' and attributes.run_name = '{name}'"
        found = self._client.search_runs([self._experiment_id], cut_short, max_results=1)
        run = found[0] if found else self._client.create_run(self._experiment_id, run_name=name, tags=dict(tags))
        return run.info.run_id

    def finish_parent(self, run_id: str) -> None:
        """Mark the parent run as finished."""
        self._client.set_terminated(run_id)

    def champion(self) -> RegisteredVersion | None:
        """The version that serves, or None."""
        return self._by_alias(CHAMPION)

    def challenger(self) -> RegisteredVersion | None:
        """The newest candidate, or None."""
        return self._by_alias(CHALLENGER)

    def set_alias(self, alias: str, version: RegisteredVersion) -> None:
        """Point `alias` at the version."""
        self._client.set_registered_model_alias(self.name, alias, version.version)

    def record_verdict(self, version: RegisteredVersion, said: Mapping[str, str], figures: Mapping[str, float]) -> None:
        """Keep the gate's verdict: what it `said` as tags `gate.*` of the version, its figures on the run too."""
        from mlflow.entities import Metric

        for key, value in {**said, **figures}.items():
            self._client.set_model_version_tag(self.name, version.version, f"gate.{key}", str(value)[:5000])
        at = int(time.time() * 1000)
        metrics = [Metric(f"gate.{key}", value, at, 0) for key, value in figures.items()]
        self._client.log_batch(version.run_id, metrics=metrics)

    def bundle(self, version: RegisteredVersion) -> Bundle:
        """The deployment bundle of a version, with MLflow's version number in its meta."""
        import mlflow

        with tempfile.TemporaryDirectory() as folder:
            source = self._client.get_model_version(self.name, version.version).source
            local = mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=folder)
            found = Bundle.read(Path(local))
        meta = {**found.meta, "mlflow_version": version.version, "run_id": version.run_id}
        return Bundle(found.model, found.panel, found.expected, meta)

    def model(self, version: RegisteredVersion) -> "MacroCycleHMM":
        """The model of a version."""
        from macro_cycle.hmm import MacroCycleHMM

        return MacroCycleHMM.from_document(dict(self.bundle(version).model))

    def _experiment(self, name: str, artifact_root: Path) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return found.experiment_id
        location = None if self._through_server else (artifact_root / name).as_uri()
        from mlflow.exceptions import MlflowException

        try:
            return self._client.create_experiment(name, artifact_location=location)
        except MlflowException:  # another process was first
            found = self._client.get_experiment_by_name(name)
            if found is None:
                raise
            return found.experiment_id

    def _ensure_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(self.name)
        except MlflowException:
            try:
                self._client.create_registered_model(self.name, description="Regimes of the US business cycle")
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise MacroCycleError(f"MLflow refuses to register {self.name}: {error.message}") from None

    def _create_run(self, tags: Mapping[str, str], parent_run_id: str | None) -> "Run":
        nested = {"mlflow.parentRunId": parent_run_id} if parent_run_id else {}
        name = f"regime_model {tags['as_of'][:7]}"
        return self._client.create_run(self._experiment_id, run_name=name, tags={**tags, **nested})

    def _log_figures(self, run_id: str, bundle: Bundle) -> None:
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, 0) for name, value in bundle.meta["metrics"].items()]
        config = bundle.model.get("config", {})
        params = [Param(name, str(value)[:500]) for name, value in config.items()]
        self._client.log_batch(run_id, metrics=metrics, params=params)

    def _log_bundle(self, run_id: str, source: str, bundle: Bundle) -> None:
        if source.startswith("file:"):
            write_mlmodel(bundle.write(Path(url2pathname(urlsplit(source).path))), bundle, run_id)
            return
        with tempfile.TemporaryDirectory() as folder:
            path = bundle.write(Path(folder))
            write_mlmodel(path, bundle, run_id)
            self._client.log_artifacts(run_id, str(path), ARTIFACT)

    def _by_alias(self, alias: str) -> RegisteredVersion | None:
        from mlflow.exceptions import MlflowException

        try:
            return _registered(self._client.get_model_version_by_alias(self.name, alias))
        except MlflowException:
            return None


def _registered(version: "ModelVersion") -> RegisteredVersion:
    return RegisteredVersion(
        version=str(version.version),
        model_version=version.tags["model_version"],
        as_of=version.tags["as_of"],
        run_id=version.run_id or "",
    )
