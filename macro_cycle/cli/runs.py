"""Launching runs on the running stack and watching them: what `run` and `backfill` share."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from macro_cycle.cli.console import errors
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.resources.platform import Platform

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun

MONTHLY_ASSETS = [
    "fred_series",
    "macro_features",
    "regime_model",
    "regime_labels",
    "declared_phase",
    "regime_news",
    "champion",
    "feast_materialization",
    "kserve_deployment",
]
POLL_SECONDS = 0.5
PATIENT_SECONDS = 60.0
KEPT_UP = ("running", "starting", "backoff", "exited")  # what supervisord says of a service that it has started
DATABASE_IS_TRIED_AGAIN = "Retrying failed database connection: %s"  # said by dagster-postgres until it gives up

Found = TypeVar("Found")


def launch(platform: Platform, kind: str, tags: Mapping[str, str], run_config: Mapping[str, Any] | None = None) -> str:
    """Launch a job of a cycle, of a kind of `automation.jobs`, through the web server; the run's id.

    Raises:
        MacroCycleError: the stack is not up, or its web server does not answer or refuses the run.
    """
    from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

    refuse_unless_up(platform)
    address, job = platform.settings.dagster, f"{platform.cycle}_{kind}"
    client = DagsterGraphQLClient(address.host, port_number=address.port)
    try:
        return client.submit_job_execution(job, run_config=dict(run_config or {}), tags=dict(tags))
    except DagsterGraphQLClientError as error:
        reason = str(error).strip().splitlines()[0]
        raise MacroCycleError(f"the run was not launched: {reason}; is the stack up? (`macro-cycle status`)") from None


def ask_dagster(platform: Platform, ask: Callable[["DagsterInstance"], Found]) -> Found:
    """What `ask` finds in the Dagster instance of a stack that is up; asked anew where the database comes back.

    Raises:
        MacroCycleError: the stack goes down meanwhile.
    """
    from macro_cycle.resources.outages import TIMES, signs

    logging.getLogger().addFilter(_is_for_people)
    in_a_row = 0
    while in_a_row < TIMES:
        begun = time.monotonic()
        try:
            return _asked(platform, ask)
        except signs():
            errors.print("the database does not answer; waiting for it to come back")
            in_a_row = 1 if time.monotonic() - begun > PATIENT_SECONDS else in_a_row + 1
            if not _comes_back(platform):
                break
    raise MacroCycleError(
        "the stack went down; what the run had made is kept: `macro-cycle up`, then the same command again"
    )


def _comes_back(platform: Platform) -> bool:
    """Whether the database answers within a minute, as long as the stack is kept up."""
    from macro_cycle.stack.postgres import database_url
    from macro_cycle.stack.supervision import supervisor_process

    until = time.monotonic() + PATIENT_SECONDS
    while supervisor_process(platform.settings) is not None and time.monotonic() < until:
        with suppress(OutageError):
            return bool(database_url(platform.settings))
        time.sleep(POLL_SECONDS)
    return False


def _asked(platform: Platform, ask: Callable[["DagsterInstance"], Found]) -> Found:
    from dagster import DagsterInstance

    from macro_cycle.stack.services import dagster_home

    with DagsterInstance.from_config(str(dagster_home(platform.settings))) as instance:
        return ask(instance)


def refuse_unless_up(platform: Platform, patience: float = PATIENT_SECONDS) -> None:
    """Look whether the stack is up; a service that is busy, or only just comes back, is waited for.

    Raises:
        MacroCycleError: a service of it does not answer.
    """
    from macro_cycle.stack import status

    began, told = time.monotonic(), False
    while silent := [service for service in status(platform.settings) if not service.ready]:
        if time.monotonic() - began > patience or any(service.state not in KEPT_UP for service in silent):
            raise MacroCycleError("the stack is not up; run `macro-cycle up` first, then look at `macro-cycle status`")
        if not told:
            errors.print(f"waiting for {', '.join(service.name for service in silent)} to answer")
            told = True
        time.sleep(POLL_SECONDS)


def _is_for_people(record: logging.LogRecord) -> bool:
    return record.msg != DATABASE_IS_TRIED_AGAIN


def follow(instance: "DagsterInstance", run_id: str, months: int, assets: list[str], cycle: str = DEFAULT) -> list[str]:
    """Show a bar per asset until the run has ended, and the run that Dagster makes of it after a crash of a process.

    Returns:
        The ids of the runs, in order: what the first had done, the next does not do again.

    Raises:
        MacroCycleError: the last run failed or was canceled; the first failed step's error is named.
    """
    runs = [run_id]
    columns = (TextColumn("{task.description:27}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=False) as progress:
        bars = {asset: progress.add_task(f"{cycle}/{asset}", total=months) for asset in assets}
        while True:
            for done in _materialized_until_end(instance, runs[-1]):
                for asset in done.keys() & bars.keys():
                    progress.update(bars[asset], completed=done[asset])
            again = _run_again(instance, runs[-1])
            if again is None:
                break
            runs.append(again)
    _raise_if_failed(_run(instance, runs[-1]), instance)
    return runs


def _run(instance: "DagsterInstance", run_id: str) -> "DagsterRun":
    run = instance.get_run_by_id(run_id)
    if run is None:
        raise MacroCycleError(f"run {run_id} was deleted while it was being watched")
    return run


def _materialized_until_end(instance: "DagsterInstance", run_id: str) -> Iterator[Mapping[str, int]]:
    from dagster import DagsterEventType

    while True:
        finished = _run(instance, run_id).is_finished
        partitions = instance.event_log_storage.get_asset_partitions_for_run(
            run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION
        )
        yield {key.path[-1]: len(months) for key, months in partitions.items()}
        if finished:
            return
        time.sleep(POLL_SECONDS)


def _run_again(instance: "DagsterInstance", run_id: str) -> str | None:
    """The run by which Dagster repeats one that no step of its own failed, once there is one."""
    from macro_cycle.dagster_internals import AUTO_RETRY_RUN_ID_TAG

    while (run := _run(instance, run_id)).is_complete_and_waiting_to_retry:
        time.sleep(POLL_SECONDS)
    return run.tags.get(AUTO_RETRY_RUN_ID_TAG)


def _raise_if_failed(run: "DagsterRun", instance: "DagsterInstance") -> None:
    from dagster import DagsterEventType

    if run.is_success:
        return
    failures = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE, limit=1).records
    if not failures:
        raise MacroCycleError(f"run {run.run_id} {run.status.value.lower()}: {_how_it_ended(instance, run.run_id)}")
    event = failures[0].event_log_entry.get_dagster_event()
    error = event.step_failure_data.error
    root = error.cause or error if error else None
    message = root.message.strip().splitlines()[0] if root else "no message"
    raise MacroCycleError(f"{event.step_key} failed: {message} (run {run.run_id})")


def _how_it_ended(instance: "DagsterInstance", run_id: str) -> str:
    """The first line of what Dagster says of the end of a run of which no step failed."""
    from dagster import DagsterEventType

    ends = {DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED}
    records = instance.get_records_for_run(run_id, of_type=ends).records
    said = records[-1].event_log_entry.get_dagster_event().message if records else None
    return said.strip().splitlines()[0] if said else "open it in the Dagster UI to see why"


def retrained(instance: "DagsterInstance", run_ids: list[str]) -> bool:
    """Whether one of the runs trained a model, rather than finding that neither data nor configuration had changed."""
    from dagster import DagsterEventType

    made = DagsterEventType.ASSET_MATERIALIZATION
    for record in chain.from_iterable(instance.get_records_for_run(run, of_type=made).records for run in run_ids):
        materialization = record.event_log_entry.asset_materialization
        if materialization is not None and materialization.asset_key.path[-1] == "regime_model":
            return not materialization.metadata["reused"].value
    return False
