"""The job that trains one month keeps one MLflow run for the Dagster run, and ends it as the run ended."""

import dagster as dg
import mlflow
import pytest
from mlflow.entities import Run

from macro_cycle.definitions import build
from macro_cycle.resources.platform import Platform
from macro_cycle.stack.tracking import tracking_uri

MONTH = "1990-06-01"

pytestmark = pytest.mark.slow


def train(*, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        job = build(Platform.from_environment()).resolve_job_def("us_train_one_month")
        return job.execute_in_process(instance=instance, partition_key=MONTH, raise_on_error=raise_on_error)


def runs_of(platform: Platform, result: dg.ExecuteInProcessResult) -> list[Run]:
    """The MLflow runs that dagster-mlflow tagged with the Dagster run."""
    client = mlflow.MlflowClient(tracking_uri(platform.settings))
    experiment = client.get_experiment_by_name(platform.settings.mlflow.experiment)
    return list(client.search_runs([experiment.experiment_id], f"tags.dagster_run_id = '{result.run_id}'"))


def test_the_month_s_model_is_nested_under_the_one_run_of_the_job(platform):
    result = train()
    (job_run,) = runs_of(platform, result)
    assert job_run.info.status == "FINISHED"
    assert job_run.data.tags["dagster.partition"] == MONTH
    assert mlflow.active_run() is None
    (version,) = platform.registry.versions().values()
    month_run = mlflow.MlflowClient(tracking_uri(platform.settings)).get_run(version.run_id)
    assert month_run.data.tags["mlflow.parentRunId"] == job_run.info.run_id
    assert month_run.info.status == "FINISHED"


def test_a_failed_job_leaves_a_failed_run_and_none_active(platform, monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_SOURCE", "fred_api")  # and no key
    result = train(raise_on_error=False)
    assert not result.success
    (job_run,) = runs_of(platform, result)
    assert job_run.info.status == "FAILED"
    assert mlflow.active_run() is None
