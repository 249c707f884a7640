"""News runs the open month once, down the chain; a refresh without news, or an old month, runs nothing."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from macro_cycle.automation.conditions import on_new_content, refetch_while_stale
from macro_cycle.automation.freshness import FETCH_DAILY
from macro_cycle.automation.partitions import MONTHS
from macro_cycle.months import open_month

OLD = "2008-09-01"


class World:
    """Two assets under the platform's conditions, whose content the test decides."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.cursor = instance, None
        self.content: dict[str, str] = {}
        self.now = datetime(2026, 11, 23, 12, 1, 7, tzinfo=UTC)

        @dg.asset(partitions_def=MONTHS, freshness_policy=FETCH_DAILY, automation_condition=refetch_while_stale())
        def source(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion(self.content[context.partition_key]))

        @dg.asset(deps=[source], partitions_def=MONTHS, automation_condition=on_new_content())
        def panel(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion(self.content[context.partition_key]))

        self.defs = dg.Definitions(assets=[source, panel])

    def run(self, asset: str, month: str) -> None:
        job = self.defs.get_repository_def().get_implicit_global_asset_job_def()
        done = job.execute_in_process(asset_selection=[dg.AssetKey(asset)], partition_key=month, instance=self.instance)
        assert done.success

    def tick(self, minutes: int = 1) -> dict[str, set[str]]:
        """What the next evaluation requests, by asset."""
        self.now += timedelta(minutes=minutes)
        result = dg.evaluate_automation_conditions(
            self.defs, self.instance, cursor=self.cursor, evaluation_time=self.now
        )
        self.cursor = result.cursor
        requested = {a: result.get_requested_partitions(dg.AssetKey(a)) for a in ("source", "panel")}
        return {asset: set(months) for asset, months in requested.items() if months}

    def becomes_stale(self) -> None:
        self.instance.report_runless_asset_event(
            FreshnessStateChange(
                key=dg.AssetKey("source"),
                new_state=FreshnessState.FAIL,
                previous_state=FreshnessState.PASS,
                state_change_timestamp=self.now.timestamp(),
            )
        )


@pytest.fixture
def world():
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(instance)
        for month in (OLD, open_month()):
            world.content[month] = "first"
            world.run("source", month)
            world.run("panel", month)
        world.tick()
        world.tick()
        yield world


def test_a_refresh_without_news_runs_nothing(world):
    world.run("source", open_month())
    assert world.tick() == {}
    assert world.tick() == {}


def test_news_runs_what_follows_exactly_once(world):
    world.content[open_month()] = "revised"
    world.run("source", open_month())
    assert world.tick() == {"panel": {open_month()}}
    world.run("panel", open_month())
    assert world.tick() == {}


def test_an_old_month_is_never_touched(world):
    world.content[OLD] = "revised"
    world.run("source", OLD)
    assert world.tick() == {}


def test_a_stale_source_is_fetched_every_quarter_of_an_hour_until_it_is_fresh(world):
    assert world.tick() == {}
    world.becomes_stale()
    requests = [world.tick() for _ in range(45)]
    assert sum(bool(request) for request in requests) == 3
    assert all(request in ({}, {"source": {open_month()}}) for request in requests)
