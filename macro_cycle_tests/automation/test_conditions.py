"""What the daemon requests of the real graph: news runs the open month once, down the chain; anything else, nothing."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from macro_cycle.definitions import build
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import materialize

OLD = "2008-09-01"
SNAPSHOT, PANEL = "fred_series", "macro_features"
PLATFORM = Platform.from_environment()
DEFS = build(PLATFORM)
GRAPH = DEFS.resolve_asset_graph()
OPEN = PLATFORM.clock.open_month()
SERIES = {dg.AssetKey(key) for key in PLATFORM.series_keys}
ONE = dg.AssetKey(["sample", "UNRATE"])
MONTHLY = {key.path[-1] for key in GRAPH.materializable_asset_keys if GRAPH.get(key).is_partitioned}
AFTER_PANEL = MONTHLY - {SNAPSHOT, PANEL}


class World:
    """The platform's graph on an instance of its own: the test decides what was materialized with which content."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.cursor = instance, None
        self.now = datetime(2026, 11, 23, 12, 1, 7, tzinfo=UTC)

    def materialize(
        self, assets: Iterable[str], content: str, month: str | None = None, *, passed: bool = True
    ) -> None:
        """Each asset as if it had run for the month, its blocking checks included."""
        for asset in assets:
            key = dg.AssetKey(["us", asset])
            event = dg.AssetMaterialization(key, partition=month or OPEN, tags={DATA_VERSION_TAG: content})
            self.instance.report_runless_asset_event(event)
            for check in GRAPH.get_check_keys_for_assets({key}):
                self._judge(check, month or OPEN, passed)

    def _judge(self, check: dg.AssetCheckKey, month: str, passed: bool) -> None:
        """As a run of its own would: Dagster keeps one evaluation of a check for each run and partition."""
        wanted = dg.AssetRecordsFilter(check.asset_key, asset_partitions=[month])
        judged = self.instance.fetch_materializations(wanted, limit=1).records[0]
        evaluation = dg.AssetCheckEvaluation(
            check.asset_key,
            check.name,
            passed=passed,
            metadata={},
            blocking=True,
            partition=month,
            target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
                storage_id=judged.storage_id, run_id=judged.run_id, timestamp=judged.timestamp
            ),
        )
        kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION.value
        event = dg.DagsterEvent(kind, job_name="test", event_specific_data=evaluation)
        self.instance.report_dagster_event(event, run_id=str(uuid.uuid4()))

    def tick(self, minutes: int = 1, defs: dg.Definitions = DEFS) -> set[str]:
        """The assets that the next evaluation requests; never anything but the open month."""
        self.now += timedelta(minutes=minutes)
        result = dg.evaluate_automation_conditions(
            defs, self.instance, cursor=self.cursor, evaluation_time=self.now, asset_selection=dg.AssetSelection.all()
        )
        self.cursor = result.cursor
        self.asked_for = {key for key in SERIES if result.get_num_requested(key)}
        requested = {asset: result.get_requested_partitions(dg.AssetKey(["us", asset])) for asset in MONTHLY}
        assert all(months <= {OPEN} for months in requested.values())
        return {asset for asset, months in requested.items() if months}

    def fetch(self, series: Iterable[dg.AssetKey], content: str) -> None:
        """Each series as if its source had been asked for it, and had this."""
        for key in series:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(key, tags={DATA_VERSION_TAG: content}))


@pytest.fixture
def empty():
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(instance)
        world.tick()
        yield world


@pytest.fixture
def world(empty):
    """Everything materialized, for an old month and the open one."""
    empty.fetch(SERIES, "first")
    for month in (OLD, OPEN):
        empty.materialize(MONTHLY, "first", month)
    assert empty.tick() == set()
    return empty


def test_a_refresh_without_news_runs_nothing(world):
    world.materialize([SNAPSHOT], "first")
    assert world.tick() == set()
    assert world.tick() == set()


def test_news_that_the_panel_does_not_show_stops_at_the_panel(world):
    world.materialize([SNAPSHOT], "second")
    assert world.tick() == {PANEL}
    world.materialize([PANEL], "first")
    assert world.tick() == set()


def test_news_is_one_run_of_everything_after_the_panel(world):
    world.materialize([SNAPSHOT], "second")
    world.tick()
    world.materialize([PANEL], "second")
    assert world.tick() == AFTER_PANEL
    world.materialize(AFTER_PANEL, "second")
    assert [world.tick() for _ in range(3)] == [set()] * 3


def test_an_evaluation_in_the_middle_of_the_run_requests_nothing_again(world):
    world.materialize([SNAPSHOT, PANEL], "second")
    requested = world.tick()
    assert requested >= {"regime_model", "kserve_deployment"}
    world.materialize(["regime_model"], "second")
    world.materialize(AFTER_PANEL, "second")
    assert world.tick() - {PANEL} == set()


def test_an_old_month_is_never_touched(world):
    world.materialize([SNAPSHOT], "second", OLD)
    assert world.tick() == set()
    world.materialize([PANEL], "second", OLD)
    assert world.tick() == set()


def test_nothing_follows_what_failed_its_check(world):
    world.materialize([SNAPSHOT], "second", passed=False)
    assert world.tick() == set()
    world.materialize([SNAPSHOT], "second")
    assert world.tick() == {PANEL}


@pytest.mark.parametrize(
    ("setting", "value", "untouched"),
    [
        ("MODEL__N_REGIMES", "3", {SNAPSHOT, PANEL}),
        ("PROMOTION", "manual", MONTHLY - {"champion", "kserve_deployment"}),
    ],
)
def test_a_changed_setting_runs_what_depends_on_it_in_the_open_month_once(
    world, monkeypatch, setting, value, untouched
):
    monkeypatch.setenv(f"MACRO_CYCLE_{setting}", value)
    changed = build(Platform.from_environment())
    assert world.tick(defs=changed) == MONTHLY - untouched
    world.materialize(MONTHLY - untouched, "second")
    assert [world.tick(defs=changed) for _ in range(3)] == [set()] * 3


def test_a_new_month_opens_by_itself(empty):
    assert empty.tick(minutes=15) == set()
    empty.fetch([ONE], "first")
    assert empty.tick() == {SNAPSHOT}
    empty.materialize([SNAPSHOT], "first")
    assert empty.tick() == {PANEL}
    empty.materialize([PANEL], "first")
    assert empty.tick() == AFTER_PANEL


def test_a_series_that_changed_cuts_the_snapshot_of_the_open_month_alone(world):
    world.fetch([ONE], "first")
    assert world.tick() == set()
    world.fetch([ONE], "second")
    assert world.tick() == {SNAPSHOT}
    world.materialize([SNAPSHOT], "second")
    assert world.tick() == {PANEL}


def test_every_series_is_asked_for_once_a_day(world):
    asked = []
    for _ in range(3 * 24):
        world.tick(minutes=60)
        asked.append(world.asked_for)
    assert [each for each in asked if each] == [SERIES] * 3


@pytest.mark.slow
def test_what_failed_is_tried_again_every_quarter_of_an_hour_until_it_succeeds(platform, world):
    materialize(world.instance, [PANEL], OPEN, succeeds=False)  # there is no snapshot
    requests = [world.tick(minutes=5) for _ in range(9)]
    assert requests.count({PANEL}) == 3
    assert requests.count(set()) == 6
    world.materialize([PANEL], "first")
    assert [world.tick(minutes=5) for _ in range(4)] == [set()] * 4
