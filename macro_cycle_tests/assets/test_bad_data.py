"""Months with poor data are answered, a really bad one is named while the others are done, and a faulty source stops
nothing that is known already."""

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from macro_cycle.assets.checks import LATE, UNUSUAL
from macro_cycle.assets.sources import as_of_frames
from macro_cycle.observations.quality import Rule
from macro_cycle.platform.months import as_of_day
from macro_cycle.records import Answer, Model, Snapshot
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import CHAIN, failure, materialize
from macro_cycle_tests.sources.mirrors import DATED, UNDATED, fill, make_mirror

pytestmark = pytest.mark.slow


def early(dates: pd.DatetimeIndex) -> np.ndarray:
    return dates < "1990-01-01"


def all_but_eight(dates: pd.DatetimeIndex) -> np.ndarray:
    return np.arange(len(dates)) < len(dates) - 8


def years_1967_to_1996(dates: pd.DatetimeIndex) -> np.ndarray:
    return (dates >= "1967-01-01") & (dates < "1997-01-01")


LIKENESSES = {
    "1999-11": (["W875RX1", "CMRMTSPL", "PAYEMS", "ICSA"], early),
    "2003-12": (["W875RX1"], all_but_eight),
    "2015-08": (["CMRMTSPL"], years_1967_to_1996),
}


def blank(platform: Platform, month: str, series_ids: list[str], which) -> int:
    """Withdraw values for one month, as a faulty vintage does that the next one mends; how many."""
    key, day = f"{month}-01", as_of_day(f"{month}-01")
    [(_, known)] = as_of_frames(platform.warehouse, [key])
    rows = known[known["series_id"].isin(series_ids)].sort_values(["series_id", "date"])
    gone = rows.groupby("series_id")["date"].transform(lambda dates: which(pd.DatetimeIndex(dates))).astype(bool)
    faulty = rows[gone].assign(value=np.nan, realtime_start=day - pd.Timedelta(days=1), estimated=False)
    mended = rows[gone].assign(realtime_start=day + pd.Timedelta(days=1), estimated=False)
    platform.warehouse.ingest(pd.concat([faulty, mended]), source="test")
    return len(faulty)


@pytest.mark.parametrize("month", LIKENESSES)
def test_a_vintage_that_lacks_much_stops_no_history(platform, store, month):
    series_ids, which = LIKENESSES[month]
    assert blank(platform, month, series_ids, which) > 100
    around = pd.date_range(f"{month}-01", periods=3, freq="MS") - pd.DateOffset(months=1)
    months = list(around.strftime("%Y-%m-%d"))
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, months[0], months[-1], platform=platform)
    answers = platform.records.load("regime_labels", Answer, months)
    assert sorted(answers) == months
    assert platform.records.failures(months) == []
    before, poor, after = (answers[each].recession_probability for each in months)
    assert abs(poor - (before + after) / 2) < 0.1
    assert answers[months[1]].label in {"Expansion", "Recovery"}


def test_a_really_bad_month_is_named_and_the_others_are_done(platform, store):
    months = ["2015-07-01", "2015-08-01", "2015-09-01"]
    facts = [("UNRATE", "2015-06-01", 99.0, "2015-08-20"), ("UNRATE", "2015-06-01", 5.3, "2015-09-10")]
    frame = pd.DataFrame(facts, columns=["series_id", "date", "value", "realtime_start"]).assign(estimated=False)
    days = {name: pd.to_datetime(frame[name]) for name in ("date", "realtime_start")}
    store.ingest(frame.assign(**days), source="test")
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, months[0], months[-1], platform=platform)
    assert sorted(platform.records.load("regime_labels", Answer, months)) == [months[0], months[2]]
    first, *_ = platform.records.failures(months)
    assert (first.month, first.asset) == (months[1], "macro_features")
    assert "UNRATE 2015-06 is 99" in first.reason


@pytest.mark.parametrize("columns", [UNDATED, DATED], ids=["undated", "dated"])
def test_a_mirror_with_a_typing_error_fails_the_fetch_and_the_graph_answers_from_what_it_has(
    platform, store, database_url, monkeypatch, columns
):
    month = "2015-07-01"
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, month, platform=platform)
        before = platform.records.one("regime_labels", Answer, month)
        history = store.history(["UNRATE"])
        make_mirror(database_url, ["UNRATE"], schema="mirror", columns=columns)
        end = ("2026-10-02", None) if columns == DATED else ()
        fill(database_url, [("UNRATE", "2026-08-01", 4.3, *end), ("UNRATE", "2062-09-01", 4.4, *end)], schema="mirror")
        monkeypatch.setenv("MACRO_CYCLE_SOURCE", "fred_postgres")
        monkeypatch.setenv("MACRO_CYCLE_SOURCE_PATH", database_url)
        monkeypatch.setenv("MACRO_CYCLE_DATA__SOURCE_SCHEMA", "mirror")
        said = failure(materialize(instance, ["fred_series"], month, succeeds=False, checked=False))
        assert "UNRATE 2062-09-01" in said
        assert said.isprintable()
        pd.testing.assert_frame_equal(store.history(["UNRATE"]), history)
        materialize(instance, CHAIN[1:], month)
    after = platform.records.one("regime_labels", Answer, month)
    assert (after.version, after.recession_probability) == (before.version, before.recession_probability)


def test_every_rule_that_does_not_block_is_told_by_a_check():
    assert {rule for rule in Rule if not rule.blocks} == {*LATE, *UNUSUAL}


def test_projections_are_told_beside_the_month(platform, store):
    ahead = pd.date_range("2026-09-01", "2027-06-01", freq="MS")
    frame = pd.DataFrame({"series_id": "UNRATE", "date": ahead, "value": 4.3, "estimated": False})
    store.ingest(frame.assign(realtime_start=pd.Timestamp("2026-08-20")), source="test")
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(instance, ["fred_series"], "2026-08-01", platform=platform)
    assert "foreseen" in platform.records.one("fred_series", Snapshot, "2026-08-01").findings
    [told] = [check for check in result.get_asset_check_evaluations() if check.check_name == "revisions_are_ordinary"]
    assert not told.passed
    assert "projections" in told.description


def test_the_model_s_warnings_are_on_record_and_on_the_asset_s_page(platform, store, monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_MODEL__MAX_ITER", "1")
    month = "2015-07-01"
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN[:3], month, checked=False)
        [record] = instance.fetch_materializations(dg.AssetKey(["us", "regime_model"]), limit=1).records
    told = platform.records.one("regime_model", Model, month).warnings
    assert any("raise max_iter" in line for line in told)
    assert all(line in record.asset_materialization.metadata["warnings"].value for line in told)
