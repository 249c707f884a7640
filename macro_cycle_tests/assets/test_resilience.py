"""Cut short, run again or run twice at once, a range of months ends in the same stores; old months never serve."""

import os
import signal
import subprocess
import sys
from collections import Counter

import dagster as dg
import pytest
from sqlalchemy import Engine, delete, func, select

from macro_cycle.definitions import build
from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.resources import outages
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.stack.preparation import prepare_database
from macro_cycle.stack.services import dagster_home
from macro_cycle.warehouse.tables import calls, models
from macro_cycle_tests.assets.graph import CHAIN, failure, materialize, stored
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.warehouse.losing import each_once, lost_at

ALL = (*CHAIN, "declared_phase", "regime_news", "champion", "feast_materialization", "kserve_deployment")
MONTHS = [f"2007-0{number}-01" for number in range(1, 7)]
RUN = """
import sys
import dagster as dg
from macro_cycle_tests.assets.graph import CHAIN, materialize
with dg.DagsterInstance.ephemeral() as instance:
    materialize(instance, CHAIN, *sys.argv[1:])
"""

pytestmark = pytest.mark.slow


def start(first: str, last: str) -> subprocess.Popen:
    """A range run in a process of its own."""
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", RUN, first, last], env=dict(os.environ))


def run(first: str, last: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, first, last)


def count(store, table) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def everything(platform) -> dict:
    return {month: stored(month, platform) for month in MONTHS}


def forget_models(store) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # models are append-only
        connection.execute(delete(models))


def registered_once(platform) -> None:
    """One finished run and one version for each month; the ranges' own runs are finished too."""
    registry = platform.registry
    versions = registry._client.search_model_versions(f"name = '{registry.name}'", max_results=1000)
    assert set(Counter(version.tags["macro_cycle.as_of"] for version in versions).values()) == {1}
    runs = registry._client.search_runs([registry._experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    months = [run for run in runs if "macro_cycle.as_of" in run.data.tags]
    parents = {run.info.run_id for run in runs if "macro_cycle.as_of" not in run.data.tags}
    assert len(months) == len(versions)
    assert {run.data.tags["mlflow.parentRunId"] for run in months} <= parents


MOMENTS = {
    "when the first models are stored": lambda platform: count(platform.warehouse, models) > 0,
    "in the middle of logging to MLflow": lambda platform: len(platform.registry.versions()) > 1,
    "when some calls are recorded": lambda platform: count(platform.warehouse, calls) > 2,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_range_ends_the_same_when_run_again(platform, store, moment):
    killed = start(MONTHS[0], MONTHS[-1])
    wait_until(lambda: MOMENTS[moment](platform) or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    run(MONTHS[0], MONTHS[-1])
    resumed = everything(platform)
    registered_once(platform)
    assert count(store, calls) == len(MONTHS)
    forget_models(store)
    run(MONTHS[0], MONTHS[-1])
    assert everything(platform) == resumed


@pytest.mark.parametrize("all_at_once", [False, True], ids=["a connection", "the database"])
def test_what_is_lost_at_every_statement_once_fails_no_run(platform, store, monkeypatch, all_at_once):
    monkeypatch.setattr(outages, "AFTER_SECONDS", 0)
    monkeypatch.setattr(outages, "TIMES", 100)
    prepare_database(platform.settings)
    home, once_it_runs = str(dagster_home(platform.settings)), each_once(since="INSERT INTO event_logs")
    with dg.DagsterInstance.from_config(home) as instance, lost_at(Engine, once_it_runs, all_at_once=all_at_once):
        result = materialize(instance, ALL, MONTHS[0], MONTHS[2], platform=platform)
    assert len({each.step_key for each in result.all_events if each.is_step_up_for_retry}) >= 5
    assert platform.records.failures(MONTHS) == []
    outlasted = {month: stored(month, platform) for month in MONTHS[:3]}
    registered_once(platform)
    assert count(store, calls) == 3
    forget_models(store)
    run(MONTHS[0], MONTHS[2])
    assert {month: stored(month, platform) for month in MONTHS[:3]} == outlasted


def test_what_a_step_held_is_let_go_before_it_is_made_again():
    held = []

    def in_its_midst():
        held.append("lock")
        try:
            yield
        finally:
            held.clear()

    @outages.made_again_after_an_outage
    def step():
        months = in_its_midst()
        for _ in months:
            raise OutageError("the database does not answer")

    with pytest.raises(dg.RetryRequested) as again:
        step()
    assert again.value.__cause__ is not None
    assert held == []


def test_what_is_wrong_with_the_data_is_no_outage(platform, store, monkeypatch):
    def refuse(*_arguments):
        raise MacroCycleError("no such series")

    monkeypatch.setattr("macro_cycle.assets.features.build_panel", refuse)
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(instance, CHAIN[:2], MONTHS[0], platform=platform, succeeds=False)
    assert failure(result) == "2007-01: no such series"
    assert not any(event.is_step_up_for_retry for event in result.all_events)


def test_every_step_is_made_again_after_an_outage(platform):
    repository = build(platform).get_repository_def()
    steps = [
        node
        for node in repository.get_implicit_global_asset_job_def().all_node_defs
        if isinstance(node, dg.OpDefinition)
    ]
    assert len(steps) >= 20
    assert [node.name for node in steps if not hasattr(node.compute_fn.decorated_fn, "__wrapped__")] == []


def test_two_runs_on_the_same_months_at_once_give_one_result(platform, store):
    both = [start(MONTHS[0], MONTHS[3]), start(MONTHS[2], MONTHS[5])]
    assert [each.wait(PATIENCE) for each in both] == [0, 0]
    together = everything(platform)
    registered_once(platform)
    assert count(store, calls) == len(MONTHS)
    forget_models(store)
    run(MONTHS[0], MONTHS[-1])
    assert everything(platform) == together


def test_old_months_touch_nothing_that_serves(platform, store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, MONTHS[0], MONTHS[1])
        materialize(instance, ("champion", "feast_materialization", "kserve_deployment"), MONTHS[0], MONTHS[1])
    registry, bundles = platform.registry, BundleStore(platform.settings.home / "serving")
    assert (registry.champion(), registry.challenger()) == (None, None)
    assert bundles.committed() == []
    with pytest.raises(MacroCycleError, match="online store holds nothing of US"):
        platform.feature_store.read_online()
