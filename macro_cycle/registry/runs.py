"""The experiment's runs: made, filled, listed and ended. Versions and aliases are the registry's."""

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from macro_cycle.registry.mending import IsOver, ending
from macro_cycle.registry.pyfunc_model import write_mlmodel
from macro_cycle.training.bundle import Bundle

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ARTIFACT = "model"
PAGE = 1000
OURS = {"mlflow.source.name": "macro_cycle", "mlflow.source.type": "JOB"}

_log = logging.getLogger(__name__)


class Runs:
    """Runs of one experiment. MLflow's errors pass through as they are."""

    def __init__(self, client: "MlflowClient", experiment_id: str) -> None:
        self._client, self._experiment_id = client, experiment_id

    def create(self, name: str, tags: Mapping[str, str], note: str, parent_run_id: str | None = None) -> "Run":
        """A new run, nested under its parent, with a description in Markdown."""
        nested = {"mlflow.parentRunId": parent_run_id} if parent_run_id else {}
        kept = {**tags, **OURS, "mlflow.note.content": note, **nested}
        return self._client.create_run(self._experiment_id, run_name=name, tags=kept)

    def take_up(self, run_id: str) -> "Run":
        """A run that was cut short, running again."""
        self._client.update_run(run_id, status="RUNNING")
        return self._client.get_run(run_id)

    def log(self, run: "Run", bundle: Bundle) -> str:
        """Log the bundle with its figures and configuration; where its files are."""
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, 0) for name, value in bundle.meta["metrics"].items()]
        config = bundle.model.get("config", {})
        params = [Param(name, str(value)[:500]) for name, value in config.items() if name not in run.data.params]
        self._client.log_batch(run.info.run_id, metrics=metrics, params=params)
        source = f"{run.info.artifact_uri}/{ARTIFACT}"
        self._write(run.info.run_id, source, bundle)
        return source

    def log_document(self, run_id: str, name: str, document: Mapping[str, Any], figures: Mapping[str, float]) -> None:
        """Log a JSON document as a file of the run, and its figures as metrics."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(run_id, metrics=[Metric(key, value, now, 0) for key, value in figures.items()])
        self._client.log_dict(run_id, dict(document), name)

    def listed(self, status: str) -> Iterator["Run"]:
        """The runs with this status, newest first."""
        token, matching = None, f"attributes.status = '{status}'"
        while True:
            page = self._client.search_runs([self._experiment_id], matching, max_results=PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def mend(self, has_version: Callable[["Run"], bool], is_over: IsOver | None, alive: set[str]) -> None:
        """End the runs left RUNNING, except those `alive`, as `mending.ending` says."""
        for run in list(self.listed("RUNNING")):
            run_id = run.info.run_id
            status = None if run_id in alive else ending(run, has_version(run), is_over)
            if status is not None:
                self._client.set_terminated(run_id, status)
                _log.info("MLflow run %s (%s) was left running; now %s", run_id, run.info.run_name, status)

    def _write(self, run_id: str, source: str, bundle: Bundle) -> None:
        if source.startswith("file:"):
            write_mlmodel(bundle.write(Path(url2pathname(urlsplit(source).path))), bundle, run_id)
            return
        with tempfile.TemporaryDirectory() as folder:
            path = bundle.write(Path(folder))
            write_mlmodel(path, bundle, run_id)
            self._client.log_artifacts(run_id, str(path), ARTIFACT)
