"""Launching runs on the running stack and watching them: what `run` and `backfill` share."""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from macro_cycle.cli.console import errors
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

WHOLE_GRAPH, DECIDE = "whole_graph", "decide"
MONTHLY_ASSETS = [
    "fred_series",
    "macro_features",
    "regime_model",
    "regime_labels",
    "regime_news",
    "champion",
    "feast_materialization",
    "kserve_deployment",
]
POLL_SECONDS = 0.5
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}


def launch(settings: Settings, job: str, tags: Mapping[str, str], run_config: Mapping[str, Any] | None = None) -> str:
    """Launch a job through the web server; the run's id.

    Raises:
        MacroCycleError: the web server does not answer or refuses the run.
    """
    from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

    client = DagsterGraphQLClient(settings.dagster.host, port_number=settings.dagster.port)
    try:
        return client.submit_job_execution(job, run_config=dict(run_config or {}), tags=dict(tags))
    except DagsterGraphQLClientError as error:
        reason = str(error).strip().splitlines()[0]
        raise MacroCycleError(f"the run was not launched: {reason}; is the stack up? (`macro-cycle status`)") from None


def follow(instance: "DagsterInstance", run_id: str, months: int, assets: list[str]) -> None:
    """Show a bar per asset until the run has ended.

    Raises:
        MacroCycleError: the run failed or was canceled; the first failed step's error is named.
    """
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=False) as progress:
        bars = {asset: progress.add_task(asset, total=months) for asset in assets}
        for done in _materialized_until_end(instance, run_id):
            for asset, task in bars.items():
                progress.update(task, completed=done.get(asset, 0))
    _raise_if_failed(instance, run_id)


def _materialized_until_end(instance: "DagsterInstance", run_id: str) -> Iterator[Mapping[str, int]]:
    from dagster import DagsterEventType

    while True:
        run = instance.get_run_by_id(run_id)
        if run is None:
            raise MacroCycleError(f"run {run_id} was deleted while it was being watched")
        partitions = instance.event_log_storage.get_asset_partitions_for_run(
            run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION
        )
        yield {key.to_user_string(): len(months) for key, months in partitions.items()}
        if run.status.value in FINISHED:
            return
        time.sleep(POLL_SECONDS)


def _raise_if_failed(instance: "DagsterInstance", run_id: str) -> None:
    from dagster import DagsterEventType, DagsterRunStatus

    run = instance.get_run_by_id(run_id)
    if run is not None and run.status == DagsterRunStatus.SUCCESS:
        return
    failures = instance.get_records_for_run(run_id, of_type=DagsterEventType.STEP_FAILURE, limit=1).records
    if not failures:
        raise MacroCycleError(f"run {run_id} ended without success; open it in the Dagster UI to see why")
    event = failures[0].event_log_entry.get_dagster_event()
    error = event.step_failure_data.error
    root = error.cause or error if error else None
    message = root.message.strip().splitlines()[0] if root else "no message"
    raise MacroCycleError(f"{event.step_key} failed: {message} (run {run_id})")


def retrained(instance: "DagsterInstance", run_id: str) -> bool:
    """Whether the run trained a model, rather than finding that neither data nor configuration had changed."""
    from dagster import AssetKey, DagsterEventType

    records = instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION).records
    for record in records:
        materialization = record.event_log_entry.asset_materialization
        if materialization is not None and materialization.asset_key == AssetKey("regime_model"):
            return not materialization.metadata["reused"].value
    return False
