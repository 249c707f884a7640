"""What is pruned is chatter: every materialization, check, success and failure stays."""

import os
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest

from macro_cycle.stack.postgres import database_url
from macro_cycle.stack.preparation import prepare_database
from macro_cycle.stack.retention import CHATTER, prune_events, prune_output
from macro_cycle.stack.services import dagster_home
from macro_cycle.warehouse.urls import DatabaseUrl

COUNTS = "SELECT dagster_event_type, count(*) FROM dagster.event_logs GROUP BY 1"


@dg.asset
def kept() -> dg.MaterializeResult:
    return dg.MaterializeResult(data_version=dg.DataVersion("first"))


@dg.asset_check(asset=kept)
def checked() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset
def failing() -> None:
    raise dg.Failure("it failed")


@pytest.fixture
def url(platform) -> str:
    prepare_database(platform.settings)
    with dg.DagsterInstance.from_config(str(dagster_home(platform.settings))) as instance:
        dg.materialize([kept, checked, failing], instance=instance, raise_on_error=False)
    return DatabaseUrl(database_url(platform.settings)).libpq()


def counted(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute(COUNTS).fetchall())


def test_what_was_made_checked_and_failed_outlives_how_it_went(url, platform):
    before = counted(url)
    assert prune_events(url, datetime.now(UTC) - timedelta(hours=1)) == 0
    deleted = prune_events(url, datetime.now(UTC) + timedelta(hours=1))
    after = counted(url)
    assert deleted == sum(count for kind, count in before.items() if kind in CHATTER) > 0
    assert after == {kind: count for kind, count in before.items() if kind not in CHATTER}
    assert {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "STEP_FAILURE", "PIPELINE_FAILURE"} <= set(after)
    with dg.DagsterInstance.from_config(str(dagster_home(platform.settings))) as instance:
        event = instance.get_latest_materialization_event(kept.key)
        assert event.asset_materialization.tags["dagster/data_version"] == "first"


def test_every_kind_that_is_pruned_is_one_of_dagster_s():
    assert set(CHATTER) <= {kind.value for kind in dg.DagsterEventType}


def test_only_old_output_goes(tmp_path):
    old, new = (tmp_path / "storage" / name / "compute_logs" / "step.err" for name in ("old", "new"))
    for file in (old, new):
        file.parent.mkdir(parents=True)
        file.write_text("printed")
    for path in (old, old.parent, old.parent.parent):
        os.utime(path, (0, 0))
    assert prune_output(tmp_path, datetime(2026, 1, 1, tzinfo=UTC)) == 1
    assert [path.name for path in (tmp_path / "storage").iterdir()] == ["new"]
