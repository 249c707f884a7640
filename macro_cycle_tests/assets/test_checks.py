"""A check stops what training would get wrong, warns of what a person should see, and judges a month as of its end."""

import dagster as dg
import pandas as pd
import pytest

from macro_cycle.definitions import build
from macro_cycle_tests.assets.graph import materialize
from macro_cycle_tests.warehouse.histories import frame

pytestmark = pytest.mark.slow

PAIR = ("fred_series", "macro_features")


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def test_stale_data_warn_and_stop_nothing(platform, instance):
    found = verdicts(materialize(instance, PAIR, "2026-10-01"))
    assert found["snapshot_is_usable"].passed
    assert found["panel_is_trainable"].passed
    late = found["releases_are_on_time"]
    assert (late.passed, late.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "2026-10: PAYEMS 2026-08 was expected by 2026-09-06 and has not come" in late.description


def test_what_training_would_get_wrong_stops_the_panel_and_says_what_to_do(platform, instance):
    day = pd.Timestamp("2007-06-01")
    rows = [("UNRATE", pd.Timestamp("2007-05-01"), day, 4500.0), ("UNRATE", pd.Timestamp("2007-04-01"), day, 4.5)]
    platform.warehouse.ingest(frame(rows), source="test")
    found = verdicts(materialize(instance, PAIR, "2007-06-01", succeeds=False))
    assert "panel_is_trainable" not in found
    usable = found["snapshot_is_usable"]
    assert (usable.passed, usable.blocking) == (False, True)
    assert "2007-06: UNRATE 2007-05 is 4500: outside 0 to 50; look for an error" in usable.description


def test_a_range_is_judged_month_by_month(platform, instance):
    found = verdicts(materialize(instance, PAIR, "2020-01-01", "2020-12-01"))
    assert found["snapshot_is_usable"].passed
    unusual = found["revisions_are_ordinary"]
    assert not unusual.passed
    assert "2020-05: PAYEMS 2020-04 is" in unusual.description
    assert "2020-04: PAYEMS" not in unusual.description


def test_run_without_a_partition_as_dagster_s_page_does_a_check_is_about_the_open_month(platform, store, instance):
    month = platform.clock.open_month()
    materialize(instance, PAIR, month, platform=platform)
    everything = build(platform).get_repository_def().get_implicit_global_asset_job_def()
    alone = dg.AssetCheckKey(dg.AssetKey(["us", "fred_series"]), "releases_are_on_time")
    job = everything.get_subset(asset_selection=frozenset(), asset_check_selection=frozenset({alone}))
    [late] = verdicts(job.execute_in_process(instance=instance)).values()
    assert late.description.startswith(f"{month[:7]}: ")
    assert late.partition == month
    assert late.target_materialization_data is not None
