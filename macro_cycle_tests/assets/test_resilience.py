"""Cut short, run again or run twice at once, a range of months ends in the same stores; old months never serve."""

import os
import signal
import subprocess
import sys
from collections import Counter

import dagster as dg
import pytest
from sqlalchemy import delete, func, select

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.warehouse.tables import calls, models
from macro_cycle_tests.assets.graph import CHAIN, materialize, stored
from macro_cycle_tests.serving.conftest import wait_until

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
    wait_until(lambda: MOMENTS[moment](platform) or killed.poll() is not None, 240)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    run(MONTHS[0], MONTHS[-1])
    resumed = everything(platform)
    registered_once(platform)
    assert count(store, calls) == len(MONTHS)
    forget_models(store)
    run(MONTHS[0], MONTHS[-1])
    assert everything(platform) == resumed


def test_two_runs_on_the_same_months_at_once_give_one_result(platform, store):
    both = [start(MONTHS[0], MONTHS[3]), start(MONTHS[2], MONTHS[5])]
    assert [each.wait(300) for each in both] == [0, 0]
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
