"""Reading and writing MLflow: one run and one registered version per trained month, and the aliases."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.registry import descriptions
from macro_cycle.registry.descriptions import NOWHERE, Pages
from macro_cycle.registry.errors import in_one_line, require_reachable
from macro_cycle.registry.homes import experiment_for, prepare_model
from macro_cycle.registry.mending import IsOver, is_range
from macro_cycle.registry.names import (
    GATE,
    KIND,
    RANGE,
    Identity,
    RegisteredVersion,
    identity_of,
    prefixed,
    registered,
)
from macro_cycle.registry.runs import Runs
from macro_cycle.training.bundle import Bundle

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

    from macro_cycle.hmm import MacroCycleHMM

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

CHAMPION, CHALLENGER = "champion", "challenger"
PAGE = 1000

_log = logging.getLogger(__name__)


class Registry:
    """The registered model and the runs behind its versions.

    `tracking_uri` is a database URL or an MLflow server's; `artifact_root` is where a new experiment keeps its
    files when the database is written to directly. `subject` is what the models are about, in words; `description`
    stands on experiment and model in place of the usual one. `pages` are for the links between the two web pages; where
    they do not say where MLflow is, a server at `tracking_uri` has its own.

    Two registries, on one MLflow or on two, live side by side in one process: MLflow's global addresses are neither
    read nor set. Every method raises MacroCycleError, in one line, for whatever MLflow cannot do.
    """

    def __init__(
        self,
        tracking_uri: str,
        artifact_root: Path,
        experiment: str,
        name: str,
        *,
        subject: str = "the US business cycle",
        description: str | None = None,
        pages: Pages = NOWHERE,
    ) -> None:
        import mlflow

        through_server = tracking_uri.startswith(("http://", "https://"))
        self.name = name
        self.pages = replace(pages, mlflow_url=pages.mlflow_url or (tracking_uri if through_server else None))
        self._uri, self._subject = tracking_uri, subject
        self._newest, self._alone, self._foreign = 0, True, 0
        self._parents: set[str] = set()
        self._registering = Lock()  # months are logged by several threads, and MLflow numbers versions one by one
        require_reachable(tracking_uri)
        with in_one_line("open the registry"):
            self._client = mlflow.MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
            self._experiment_id = experiment_for(
                self._client,
                experiment,
                description or descriptions.of_experiment(subject, name),
                None if through_server else artifact_root,
            )
            self._runs = Runs(self._client, self._experiment_id)
            prepare_model(self._client, name, description or descriptions.of_model(subject, experiment))

    def log_month(
        self,
        bundle: Bundle,
        tags: Mapping[str, str],
        parent_run_id: str | None = None,
        unfinished_run_id: str | None = None,
    ) -> RegisteredVersion:
        """Log a trained month as a finished run with its bundle, and register it as a version.

        `unfinished_run_id` is a run of this month and model that a crash cut short: it is continued. `bundle.meta`
        names as_of and model_version; its metrics are logged as metrics, `tags` on run and version. If another
        process registered the month meanwhile, its version is the month's and is returned.
        """
        identity = {name: bundle.meta[name] for name in ("as_of", "model_version", "data_version")}
        page = self.pages.dagster_run(tags.get("dagster.run_id"))
        kept = prefixed({**tags, **identity, "dagster.url": page})
        described = descriptions.of_version(bundle, self._subject, page)
        with in_one_line(f"log the model of {identity['as_of']}"):
            if unfinished_run_id is None:
                run = self._runs.create(f"regime_model {identity['as_of'][:7]}", kept, described, parent_run_id)
            else:
                run = self._runs.take_up(unfinished_run_id)
            run_id, source = run.info.run_id, self._runs.log(run, bundle)
            with self._registering:
                made = self._client.create_model_version(
                    self.name, source, run_id, kept, description=described, await_creation_for=0
                )
                version = self._the_only(made)
            if version.run_id == run_id:
                self._client.set_terminated(run_id)
            else:
                self._client.delete_run(run_id)
        return version

    def unfinished(self) -> dict[Identity, str]:
        """Runs of months that a crash cut short, by (as_of, model_version); what else it left is mended on the way."""
        self.mend()
        with in_one_line("list the runs cut short"):
            runs = [(identity_of(run.data.tags), run.info.run_id) for run in self._runs.listed("KILLED")]
        return {identity: run_id for identity, run_id in runs if identity is not None}

    def mend(self, is_over: IsOver | None = None) -> None:
        """End every run that a crash left RUNNING: months registered as FINISHED, the rest as KILLED.

        Call it while nobody else logs to the experiment. `is_over` tells whether a Dagster run has ended; without it
        the runs that dagster-mlflow opened are left as they are.
        """
        with in_one_line("end the runs that a crash left"):
            self._runs.mend(self._has_version, is_over, alive=self._parents)

    def versions(self) -> dict[Identity, RegisteredVersion]:
        """Every registered version by (as_of, model_version); versions that somebody else registered are left out."""
        found: dict[Identity, RegisteredVersion] = {}
        foreign = 0
        with in_one_line(f"list the versions of {self.name}"):
            for listed in self._listed(f"name = '{self.name}'"):
                self._newest = max(self._newest, int(listed.version))
                version = registered(listed)
                if version is None:
                    foreign += 1
                else:
                    found.setdefault((version.as_of, version.model_version), version)
        self._alone = True
        if foreign != self._foreign:
            _log.warning("%d versions of %s were registered by others and are left alone", foreign, self.name)
        self._foreign = foreign
        return found

    @contextmanager
    def range_run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """The run that a range's months are nested under, one that was cut short if there is one; its id.

        It is finished with the block. One that something else ends is cut short.
        """
        self.mend()
        page = self.pages.dagster_run(tags.get("dagster.run_id"))
        kept = prefixed({**tags, KIND: RANGE, "dagster.url": page})
        described = descriptions.of_range(self._subject, page)
        with in_one_line(f"start the run {name}"):
            cut_short = [run for run in self._runs.listed("KILLED") if run.info.run_name == name and is_range(run)]
            run = (
                self._runs.take_up(cut_short[0].info.run_id) if cut_short else self._runs.create(name, kept, described)
            )
        self._parents.add(run.info.run_id)
        try:
            yield run.info.run_id
        finally:
            self._parents.discard(run.info.run_id)
        with in_one_line("finish the range's run"):
            self._client.set_terminated(run.info.run_id)

    def champion(self) -> RegisteredVersion | None:
        """The version that serves, or None."""
        return self._by_alias(CHAMPION)

    def challenger(self) -> RegisteredVersion | None:
        """The candidate that waits for a decision, or None."""
        return self._by_alias(CHALLENGER)

    def set_alias(self, alias: str, version: RegisteredVersion) -> None:
        """Point `alias` at the version."""
        with in_one_line(f"set the alias {alias}"):
            self._client.set_registered_model_alias(self.name, alias, version.version)

    def remove_alias(self, alias: str) -> None:
        """Take `alias` away; nothing happens if it is not there."""
        with in_one_line(f"remove the alias {alias}"):
            self._client.delete_registered_model_alias(self.name, alias)

    def record_verdict(self, version: RegisteredVersion, said: Mapping[str, str], figures: Mapping[str, float]) -> None:
        """Keep the gate's verdict as tags `macro_cycle.gate.*` of the version; its figures as metrics of the run."""
        from mlflow.entities import Metric

        at = int(time.time() * 1000)
        metrics = [Metric(f"{GATE}.{key}", value, at, 0) for key, value in figures.items()]
        with in_one_line(f"keep the verdict on version {version.version}"):
            for key, value in prefixed({f"{GATE}.{key}": value for key, value in {**said, **figures}.items()}).items():
                self._client.set_model_version_tag(self.name, version.version, key, value[:5000])
            self._client.log_batch(version.run_id, metrics=metrics)

    def log_document(
        self, version: RegisteredVersion, name: str, document: Mapping[str, Any], figures: Mapping[str, float]
    ) -> None:
        """Keep a JSON document beside the bundle of a version, in its run, and its figures as metrics of the run."""
        with in_one_line(f"log {name} of version {version.version}"):
            self._runs.log_document(version.run_id, name, document, figures)

    def bundle(self, version: RegisteredVersion) -> Bundle:
        """The deployment bundle of a version, with MLflow's version number in its meta."""
        import mlflow

        with tempfile.TemporaryDirectory() as folder:
            with in_one_line(f"give the bundle of version {version.version}"):
                source = self._client.get_model_version(self.name, version.version).source
                local = mlflow.artifacts.download_artifacts(
                    artifact_uri=source, dst_path=folder, tracking_uri=self._uri, registry_uri=self._uri
                )
            found = Bundle.read(Path(local))
        meta = {**found.meta, "mlflow_version": version.version, "run_id": version.run_id}
        return Bundle(found.model, found.panel, found.expected, meta)

    def model(self, version: RegisteredVersion) -> "MacroCycleHMM":
        """The model of a version."""
        from macro_cycle.hmm import MacroCycleHMM

        return MacroCycleHMM.from_document(dict(self.bundle(version).model))

    def version_page(self, version: RegisteredVersion) -> str | None:
        """MLflow's page of the version, if its address is known."""
        return self.pages.version(self.name, version.version)

    def experiment_page(self) -> str | None:
        """MLflow's page of the experiment, if its address is known."""
        return self.pages.experiment(self._experiment_id)

    def run_page(self, run_id: str) -> str | None:
        """MLflow's page of the run, if its address is known."""
        return self.pages.run(self._experiment_id, run_id)

    def _the_only(self, made: "ModelVersion") -> RegisteredVersion:
        """The version just made, unless its month was registered before it: then that one, and this one goes.

        MLflow numbers versions in the order of their commits, so the lowest number is the first, whoever looks.
        Nothing is asked while the numbers run on without a gap since the versions were last listed.
        """
        mine, number = registered(made), int(made.version)
        assert mine is not None
        self._alone, self._newest = self._alone and number == self._newest + 1, number
        if self._alone:
            return mine
        of_the_model = self._listed(
            f"name = '{self.name}' and tags.`macro_cycle.model_version` = '{mine.model_version}'"
        )
        first = next((v for v in map(registered, of_the_model) if v is not None and v.as_of == mine.as_of), mine)
        if first.version != mine.version:
            self._client.delete_model_version(self.name, mine.version)
        return first

    def _has_version(self, run: "Run") -> bool:
        mine = identity_of(run.data.tags)
        return mine is not None and any(
            identity_of(version.tags) == mine for version in self._listed(f"run_id = '{run.info.run_id}'")
        )

    def _listed(self, matching: str) -> Iterator["ModelVersion"]:
        """The versions that match, oldest first: an order that a registration meanwhile does not disturb."""
        token = None
        while True:
            page = self._client.search_model_versions(matching, PAGE, ["version_number ASC"], token)
            yield from page
            token = page.token
            if not token:
                return

    def _by_alias(self, alias: str) -> RegisteredVersion | None:
        with in_one_line(f"read the alias {alias}"):
            models = self._client.search_registered_models(f"name = '{self.name}'")
            number = models[0].aliases.get(alias) if models else None
            if number is None:
                return None
            version = registered(self._client.get_model_version(self.name, number))
        if version is None:
            raise MacroCycleError(
                f"the alias {alias} of {self.name} points to version {number}, which macro_cycle did not register; "
                "move or remove the alias in MLflow"
            )
        return version
