"""dagster-mlflow in the job that trains one month: one MLflow run for the whole Dagster run, ended by its hook.

Both parts are dagster-mlflow's own. They are reached through functions of this file because importing that library
imports MLflow, which no step of the other jobs needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from macro_cycle.dagster_internals import event_list_hook
from macro_cycle.resources.platform import Platform

RESOURCE_KEY = "mlflow"
CYCLE_TAG = "macro_cycle/cycle"  # of the runs of a cycle's jobs


def mlflow_run(platforms: Mapping[str, Platform]) -> dg.ResourceDefinition:
    """The resource: the active MLflow run of a Dagster run, in the experiment of the run's cycle."""

    @dg.resource(description="One MLflow run shared by all steps of a Dagster run, by dagster-mlflow.")
    def resource(context: dg.InitResourceContext) -> Iterator[Any]:
        """On the tracking store of the settings."""
        from dagster_mlflow import mlflow_tracking

        from macro_cycle.stack.tracking import tracking_uri

        tags = context.run.tags if context.run else {}
        platform = platforms[tags[CYCLE_TAG]]
        _ = platform.registry  # the experiment with the artifact folder of the platform, if it is not there yet
        config = {
            "experiment_name": platform.settings.mlflow.experiment,
            "mlflow_tracking_uri": tracking_uri(platform.settings),
            "extra_tags": {"dagster.partition": tags.get("dagster/partition", "")},
        }
        yield from mlflow_tracking.resource_fn(context.replace_config(config))

    return resource


@event_list_hook(name="end_mlflow_on_run_finished", required_resource_keys={RESOURCE_KEY})
def end_mlflow_run(context: dg.HookContext, event_list: Sequence[dg.DagsterEvent]) -> dg.HookExecutionResult:
    """End the MLflow run after the last step, or as failed with the first step that fails."""
    from dagster_mlflow import end_mlflow_on_run_finished

    return end_mlflow_on_run_finished.hook_fn(context, event_list)
