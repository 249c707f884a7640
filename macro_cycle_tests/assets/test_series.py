"""Each series is an asset: materialized when the source had something new of it, and never asked for by a range."""

import dagster as dg
import pandas as pd
import pytest

from macro_cycle.automation.jobs import jobs
from macro_cycle.automation.sensors import releases
from macro_cycle.cycles.naming import FETCHED_TAG
from macro_cycle.definitions import build
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import materialize
from macro_cycle_tests.assets.test_fetching import HISTORY, JUNE, fred  # noqa: F401
from macro_cycle_tests.sources.fred_server import FredServer

UNRATE, PAYEMS = dg.AssetKey(["fred", "UNRATE"]), dg.AssetKey(["fred", "PAYEMS"])
JULY = {pd.Timestamp("2015-07-10"): {**HISTORY[JUNE], pd.Timestamp("2015-06-01"): 5.3}}


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def told(instance: dg.DagsterInstance, key: dg.AssetKey) -> tuple[int, int]:
    """How often a series was materialized, and how often it was only looked at."""
    made = instance.fetch_materializations(key, limit=100).records
    return len(made), len(instance.fetch_observations(key, limit=100).records)


@pytest.mark.slow
def test_a_series_is_materialized_with_what_is_new_and_else_only_looked_at(fred, instance):  # noqa: F811
    materialize(instance, ["fred_series"], "2015-06-01", checked=False)
    fred.world = {**fred.world, "UNRATE": HISTORY | JULY}
    materialize(instance, ["fred_series"], "2015-07-01", checked=False)
    assert (told(instance, UNRATE), told(instance, PAYEMS)) == ((2, 0), (1, 1))
    newest = instance.get_latest_materialization_event(UNRATE).asset_materialization.metadata
    assert newest["newest_value"].value.startswith("5.3 ")
    assert (newest["newest_period"].value, newest["last_release"].value) == ("2015-06", "2015-07-10")
    assert newest["next_release"].value.startswith("2015-08-0")
    assert "late" in newest["next_release"].value
    assert newest["revised_values"].value == "0 in the last two years, 1 in all"


@pytest.mark.slow
def test_a_range_asks_for_what_was_never_fetched_and_then_for_nothing(fred, instance):  # noqa: F811
    materialize(instance, ["fred_series"], "2015-06-01", "2015-07-01", checked=False)
    asked = fred.requests.total()
    assert asked > 0
    materialize(instance, ["fred_series"], "2015-06-01", "2015-08-01", checked=False)
    assert fred.requests.total() == asked
    assert len(instance.get_runs(dg.RunsFilter(tags={FETCHED_TAG: "fred"}))) == 1


def requested(server: FredServer, cursor: str | None) -> tuple[set[str], str]:
    """The series that the sensor asks for once the source is at rest."""
    platform = Platform.from_environment()
    sensor = releases(platform, jobs("us", platform.series_keys)["fetch"])
    for _ in range(2):
        with dg.build_sensor_context(cursor=cursor) as context:
            result = sensor(context)
        cursor = result.cursor
    [request] = result.run_requests
    return {key.path[-1] for key in request.asset_selection if key.path[0] == "fred"}, cursor


@pytest.mark.slow
def test_a_release_of_one_series_asks_for_that_one(platform, fred):  # noqa: F811
    fred.updates = [{"id": "PAYEMS", "last_updated": "2015-07-02 07:53:01-05"}]
    everything, cursor = requested(fred, None)
    assert everything == set(platform.catalog.series)
    fred.updates.insert(0, {"id": "ELSEWHERE", "last_updated": "2015-07-10 07:50:00-05"})
    fred.updates.insert(0, {"id": "UNRATE", "last_updated": "2015-07-10 07:54:01-05"})
    assert requested(fred, cursor)[0] == {"UNRATE"}


def test_lineage_runs_from_each_series_to_the_snapshot(platform):
    graph = build(Platform.from_environment()).resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["us", "fred_series"])).parent_keys
    assert parents == {dg.AssetKey(["sample", series_id]) for series_id in platform.catalog.series}
    weekly, quarterly = (graph.get(dg.AssetKey(["sample", name])).freshness_policy for name in ("ICSA", "GDPC1"))
    assert weekly.fail_window.to_timedelta() < quarterly.fail_window.to_timedelta()


def test_cycles_with_the_settings_source_share_its_series(platform):
    us = Platform.from_environment()
    other = Platform(us.installation, us.definition.model_copy(update={"code": "other"}))
    keys = build(us, other).resolve_asset_graph().materializable_asset_keys
    assert {key for key in keys if key.path[0] == "sample"} == {dg.AssetKey(key) for key in us.series_keys}
