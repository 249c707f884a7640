"""What a run plans is on record as Dagster's own storage keeps it, at a fraction of its statements."""

import dagster as dg
import psycopg
import pytest
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import event
from sqlalchemy.engine import Engine

from macro_cycle.stack.postgres import database_url
from macro_cycle.stack.preparation import prepare_database
from macro_cycle.stack.services import dagster_home
from macro_cycle.warehouse.urls import DatabaseUrl

MONTHS = dg.StaticPartitionsDefinition([f"2020-{month:02}" for month in range(1, 13)])
RANGE = {"dagster/asset_partition_range_start": "2020-03", "dagster/asset_partition_range_end": "2020-11"}
IN_ONE_RUN = dg.BackfillPolicy.single_run()
PLANNED = """SELECT dagster_event_type, step_key, asset_key, partition FROM dagster.event_logs
WHERE run_id = %s AND dagster_event_type LIKE '%%PLANNED' ORDER BY id"""
ASSETS = "SELECT asset_key, last_run_id, last_materialization_timestamp IS NOT NULL FROM dagster.asset_keys ORDER BY 1"
CHECKS = (
    "SELECT check_name, partition, execution_status FROM dagster.asset_check_executions WHERE run_id = %s ORDER BY id"
)


@dg.asset(partitions_def=MONTHS, backfill_policy=IN_ONE_RUN)
def first() -> None: ...


@dg.asset(partitions_def=MONTHS, backfill_policy=IN_ONE_RUN, deps=[first])
def second() -> None: ...


@dg.asset(deps=[second])
def undated() -> None: ...


@dg.asset_check(asset=second)
def checked() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(platform, monkeypatch):
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "50")
    prepare_database(platform.settings)
    with dg.DagsterInstance.from_config(str(dagster_home(platform.settings))) as found:
        yield found


def planned(instance, url: str) -> dict[str, list]:
    """What is on record of a run that was made and not launched, and how many statements that took."""
    job = dg.Definitions([first, second, undated], asset_checks=[checked]).resolve_implicit_global_asset_job_def()
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        run = instance.create_run_for_job(job, tags=RANGE)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with psycopg.connect(url) as connection:
        events, checks = (connection.execute(query, (run.run_id,)).fetchall() for query in (PLANNED, CHECKS))
        assets = [(key, last == run.run_id, seen) for key, last, seen in connection.execute(ASSETS)]
    latest = instance.event_log_storage.get_latest_planned_materialization_info(second.key, "2020-05")
    return {
        "events": events,
        "checks": checks,
        "assets": assets,
        "latest": [latest is not None and latest.run_id == run.run_id],
        "statements": [len([each for each in statements if each.startswith("INSERT INTO event_logs")])],
    }


def test_what_a_range_plans_is_kept_as_dagster_keeps_it(instance, platform, monkeypatch):
    url = DatabaseUrl(database_url(platform.settings))
    ours = planned(instance, url.libpq())
    plain = DagsterPostgresStorage(url.sqlalchemy("psycopg2", schema="dagster"))
    monkeypatch.setattr(instance, "_event_storage", plain.event_log_storage)
    dagsters = planned(instance, url.libpq())
    ours_took, dagsters_took = ours.pop("statements"), dagsters.pop("statements")
    assert ours == dagsters
    assert len(ours["events"]) == 2 * 9 + 1 + 1
    assert (ours_took, dagsters_took) == ([4], [2 * 9 + 1 + 1])
