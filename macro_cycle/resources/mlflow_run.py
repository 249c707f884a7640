"""dagster-mlflow in the job that trains one month: one MLflow run for the whole Dagster run, ended by its hook.

Both parts are dagster-mlflow's own. They are reached through functions of this file because importing that library
imports MLflow, which no step of the other jobs needs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from macro_cycle.dagster_internals import event_list_hook

RESOURCE_KEY = "mlflow"


@dg.resource(
    required_resource_keys={"platform"},
    description="One MLflow run shared by all steps of a Dagster run, by dagster-mlflow.",
)
def mlflow_run(context: dg.InitResourceContext) -> Iterator[Any]:
    """The active MLflow run of this Dagster run, on the tracking store and in the experiment of the settings."""
    from dagster_mlflow import mlflow_tracking

    from macro_cycle.stack.tracking import tracking_uri

    platform = context.resources.platform
    _ = platform.registry  # the experiment with the artifact folder of the platform, if it is not there yet
    month = context.run.tags.get("dagster/partition", "") if context.run else ""
    config = {
        "experiment_name": platform.settings.mlflow.experiment,
        "mlflow_tracking_uri": tracking_uri(platform.settings),
        "extra_tags": {"dagster.partition": month},
    }
    yield from mlflow_tracking.resource_fn(context.replace_config(config))


@event_list_hook(name="end_mlflow_on_run_finished", required_resource_keys={RESOURCE_KEY})
def end_mlflow_run(context: dg.HookContext, event_list: Sequence[dg.DagsterEvent]) -> dg.HookExecutionResult:
    """End the MLflow run after the last step, or as failed with the first step that fails."""
    from dagster_mlflow import end_mlflow_on_run_finished

    return end_mlflow_on_run_finished.hook_fn(context, event_list)
