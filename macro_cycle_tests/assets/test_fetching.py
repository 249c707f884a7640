"""`fred_series` reads any source, keeps what it read when the rest fails, and says when nothing was known yet."""

import json

import dagster as dg
import pandas as pd
import pytest
from typer.testing import CliRunner

from macro_cycle.cli.app import app
from macro_cycle.cycles import shipped
from macro_cycle.features import build_panel
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.sources import fred_client
from macro_cycle.sources.sample import LATEST, UNITED_STATES, Sample
from macro_cycle_tests.assets.graph import failure, materialize
from macro_cycle_tests.sources import worlds
from macro_cycle_tests.sources.fred_server import KEY, FredServer, serving

CATALOG = Catalog.load()
MAY, JUNE = pd.Timestamp("2015-05-10"), pd.Timestamp("2015-06-10")
HISTORY = {
    MAY: {pd.Timestamp("2015-03-01"): 5.5, pd.Timestamp("2015-04-01"): 5.4},
    JUNE: {pd.Timestamp("2015-03-01"): 5.5, pd.Timestamp("2015-04-01"): 5.3, pd.Timestamp("2015-05-01"): 5.5},
}


@pytest.fixture
def fred(platform, monkeypatch):
    """The platform on a server of FRED's protocol that has every series of the catalogue."""
    monkeypatch.setattr(fred_client, "REQUESTS_PER_SECOND", 1e6)
    with serving(FredServer(dict.fromkeys(CATALOG.series, HISTORY))) as server:
        monkeypatch.setenv("MACRO_CYCLE_SOURCE", "fred_api")
        monkeypatch.setenv("MACRO_CYCLE_FRED_API_KEY", KEY)
        monkeypatch.setenv("MACRO_CYCLE_FRED_BASE_URL", server.url)
        yield server


def fetch(month: str, *, succeeds: bool = True) -> dg.ExecuteInProcessResult:
    """The asset alone: its checks would not take the same five numbers for every series of the catalogue."""
    with dg.DagsterInstance.ephemeral() as instance:
        return materialize(instance, ["fred_series"], month, succeeds=succeeds, checked=False)


@pytest.mark.slow
def test_fred_is_fetched_whole_and_then_only_what_is_new(platform, fred):
    fetch("2015-06-01")
    worlds.assert_tells(platform.warehouse, fred.world)
    assert fred.requests == {"series/vintagedates": 20, "series/observations": 20}
    july = {pd.Timestamp("2015-07-10"): {**HISTORY[JUNE], pd.Timestamp("2015-06-01"): 5.3}}
    fred.world = {**fred.world, "UNRATE": HISTORY | july}
    fetch("2015-07-01")
    worlds.assert_tells(platform.warehouse, fred.world)


@pytest.mark.slow
def test_what_was_read_before_a_failure_is_kept_and_the_next_run_goes_on(platform, fred):
    fred.broken = {"UNRATE"}
    said = failure(fetch("2015-06-01", succeeds=False))
    assert "FRED (series/vintagedates UNRATE)" in said
    assert KEY not in said
    assert "UNRATE" not in platform.warehouse.series_ids()
    assert "PAYEMS" in platform.warehouse.series_ids()
    fred.broken = set()
    fetch("2015-06-01")
    worlds.assert_tells(platform.warehouse, fred.world)


def test_a_month_before_the_source_s_history_is_one_clear_line(fred):
    said = failure(fetch("2015-04-01", succeeds=False))
    assert "nothing was known at the end of 2015-04: the history of the source begins on 2015-05-10" in said


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MACRO_CYCLE_FRED_API_KEY": ""}, "set MACRO_CYCLE_FRED_API_KEY"),
        ({"MACRO_CYCLE_SOURCE": "fred_md"}, "set MACRO_CYCLE_SOURCE_PATH"),
        ({"MACRO_CYCLE_SOURCE": "fred_md", "MACRO_CYCLE_SOURCE_PATH": "nowhere"}, "nowhere does not exist"),
        ({"MACRO_CYCLE_SOURCE": "fred_postgres", "MACRO_CYCLE_SOURCE_PATH": "nowhere"}, "postgresql://"),
        ({"MACRO_CYCLE_FRED_BASE_URL": "api.stlouisfed.org"}, "MACRO_CYCLE_FRED_BASE_URL is not a URL"),
    ],
)
def test_a_source_that_is_not_set_up_is_one_clear_line(fred, monkeypatch, environment, said):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert said in failure(fetch("2015-06-01", succeeds=False))


@pytest.mark.slow
def test_a_model_is_trained_on_any_series_of_fred_catalogued_or_not(fred, monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_MODEL__N_RESTARTS", "1")
    sample = Sample(CATALOG).observations(["GDPC1", "UNRATE", "INDPRO"])
    names = {"GDPC1": "GDP", "UNRATE": "UNRATE", "INDPRO": "IPUNHEARDOF"}
    fred.world = {
        names[str(series_id)]: {pd.Timestamp("2026-08-31"): dict(zip(rows["date"], rows["value"], strict=True))}
        for series_id, rows in sample.groupby("series_id")
    }
    arguments = ["train", "--series-ids", "GDP", "--series-ids", "UNRATE", "--series-ids", "IPUNHEARDOF", "--json"]
    result = CliRunner().invoke(app, [*arguments, "--n-regimes", "2"], catch_exceptions=False)
    answer = json.loads(result.stdout)
    assert {"GDP", "UNRATE", "IPUNHEARDOF"} <= set(answer["features"])
    assert answer["reference_month"] >= "2026-06"


@pytest.mark.slow
def test_a_folder_of_vintages_is_backfilled_with_the_panel_of_each_month_s_own_file(platform, tmp_path, monkeypatch):
    table = pd.read_csv(UNITED_STATES / LATEST, index_col="date", parse_dates=["date"], float_precision="round_trip")
    folder, months = tmp_path / "vintages", ["2014-11-01", "2014-12-01", "2015-01-01"]
    folder.mkdir()
    for number, month in enumerate(months):
        vintage = table.loc[: pd.Timestamp(month) - pd.Timedelta(days=1)] * (1 + number / 100)
        rows = ["sasdate," + ",".join(table), "Transform:" + ",5" * table.shape[1]]
        cells = vintage.set_axis(vintage.index.strftime("%-m/%-d/%Y")).to_csv(header=False)
        (folder / f"{month[:7]}.csv").write_text("\n".join(rows) + "\n" + cells)
    monkeypatch.setenv("MACRO_CYCLE_SOURCE", "fred_md")
    monkeypatch.setenv("MACRO_CYCLE_SOURCE_PATH", str(folder))
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, ["fred_series", "macro_features"], months[0], months[-1])
    for month in months:
        file = pd.read_csv(folder / f"{month[:7]}.csv", skiprows=[1], float_precision="round_trip").set_index("sasdate")
        file.index = pd.DatetimeIndex(pd.to_datetime(file.index, format="%m/%d/%Y"), name="date")
        known = file.melt(ignore_index=False, var_name="series_id").dropna().reset_index()
        expected = build_panel(known.assign(realtime_start=as_of_day(month)), CATALOG, shipped().features)
        pd.testing.assert_frame_equal(platform.panels.read(month), expected)
