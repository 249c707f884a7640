"""A file adds a cycle everywhere, without it the cycle is nowhere, and a broken one leaves the others alone."""

import json
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import create_engine

from macro_cycle.cli.cycles import app as cycles_app
from macro_cycle.cycles import library
from macro_cycle.cycles.scaffold import scaffold, scaffold_component
from macro_cycle.definitions import VALIDATING, load
from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.wiring import collectors
from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import read_settings
from macro_cycle.resources.platform import Platform
from macro_cycle.serving.assembly import offered
from macro_cycle_tests.assets.graph import materialize, with_the_sample
from macro_cycle_tests.cycles.folders import XX, with_xx


@pytest.fixture
def folder(platform, tmp_path, monkeypatch) -> Path:
    place = tmp_path / "definitions"
    place.mkdir()
    monkeypatch.setenv("MACRO_CYCLE_CYCLES_PATH", str(place))
    return place


def everywhere(capsys) -> dict[str, set[str]]:
    """The cycles that each part of the platform knows."""
    settings = read_settings()
    defs = load(settings).get_repository_def()
    capsys.readouterr()
    with pytest.raises(SystemExit):
        cycles_app(["list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    return {
        "assets": {key.path[0] for key in defs.asset_graph.get_all_asset_keys() if key.path[-1] == "fred_series"},
        "jobs": {job.name.removesuffix("_whole_graph") for job in defs.get_all_jobs() if "whole_graph" in job.name},
        "sensors": {each.name.removesuffix("_releases") for each in defs.sensor_defs if "releases" in each.name},
        "metrics": {each.name.split("/")[0] for each in collectors(settings) if "/" in each.name},
        "endpoint": {definition.code for definition in offered(settings).values()},
        "command line": {row["cycle"] for row in listed},
    }


@pytest.mark.parametrize("component", [False, True])
def test_adding_a_file_adds_a_cycle_everywhere_and_deleting_it_removes_it(folder, capsys, component):
    before = everywhere(capsys)
    assert {frozenset(found) for found in before.values()} == {frozenset(before["assets"])}
    file = folder / "xx" / "defs.yaml" if component else folder / "xx.yaml"
    file.parent.mkdir(exist_ok=True)
    indented = "".join(f"  {line}" for line in XX.splitlines(keepends=True))
    file.write_text(f"type: macro_cycle.CycleComponent\nattributes:\n{indented}" if component else XX)
    assert everywhere(capsys) == {part: found | {"xx"} for part, found in before.items()}
    file.unlink()
    assert everywhere(capsys) == before


def test_a_broken_file_leaves_the_other_cycles_and_fails_the_check_and_a_sensor(folder, capsys, monkeypatch):
    with_xx(folder, XX.replace("role: activity", "role: nothing"))
    assert all("xx" not in found for found in everywhere(capsys).values())
    assert "line 5" in library(read_settings()).broken["xx"]
    sensor = next(each for each in load(read_settings()).get_repository_def().sensor_defs if each.name == "definitions")
    with pytest.raises(MacroCycleError, match="line 5"), dg.build_sensor_context() as context:
        sensor(context)
    with pytest.raises(SystemExit):
        cycles_app(["check"])
    assert "line 5" in capsys.readouterr().err
    monkeypatch.setenv(VALIDATING, "1")
    with pytest.raises(MacroCycleError, match="line 5"):
        load(read_settings())


def test_two_cycles_keep_their_months_apart(folder):
    with_xx(folder)
    us, xx = Platform.from_environment("us"), Platform.from_environment("xx")
    with_the_sample(us)
    month, chain = "2008-09-01", ("fred_series", "macro_features", "regime_model", "regime_labels")
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, chain, month, platform=xx)
        assert len(xx.regimes.calls()) == 1
        with pytest.raises(MacroCycleError, match="no calls yet"):
            us.regimes.calls()
        materialize(instance, chain, month, platform=us)
    (of_us,), (of_xx,) = us.regimes.calls().to_dict("records"), xx.regimes.calls().to_dict("records")
    assert of_us["recession_probability"] != of_xx["recession_probability"]
    assert us.regimes.broken_at() is None
    assert set(us.panels.read(month)) == set(us.features.names)
    assert set(xx.panels.read(month)) == set(xx.features.names)
    (of_registry,) = xx.registry.versions().values()
    assert (xx.registry.name, of_registry.as_of) == ("macro-cycle-hmm-xx", "2008-09-30")


def test_a_call_of_another_cycle_cannot_be_taken_for_this_one_s(folder):
    with_xx(folder)
    xx = Platform.from_environment("xx")
    with_the_sample(xx)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(
            instance, ("fred_series", "macro_features", "regime_model", "regime_labels"), "2008-09-01", platform=xx
        )
    assert xx.regimes.broken_at() is None
    with create_engine(xx.warehouse.engine.url).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE warehouse.calls DISABLE TRIGGER append_only")
        connection.exec_driver_sql("UPDATE warehouse.calls SET cycle = 'us'")
    assert xx.regimes.broken_at() is not None


def test_a_definition_that_was_begun_holds_as_it_is(folder):
    (folder / "de.yaml").write_text(scaffold("de", ["UNRATE", "PERMIT", "A_SERIES_OF_OUR_OWN"], Catalog.load()))
    (folder / "fr").mkdir()
    (folder / "fr" / "defs.yaml").write_text(scaffold_component("fr"))
    found = library(read_settings())
    assert not found.broken
    assert found["de"].features.series_ids == ("UNRATE", "PERMIT", "A_SERIES_OF_OUR_OWN")
    assert found["fr"].economy == "FR"


def test_a_definition_is_begun_in_a_folder_that_is_made_for_it_whatever_cycles_run(platform, tmp_path, monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_CYCLES", "br")
    file = tmp_path / "not" / "there" / "de.yaml"
    with pytest.raises(SystemExit, match="0"):
        cycles_app(["new", "de", "--series", "UNRATE", "--folder", str(file.parent)])
    assert library(read_settings(cycles_path=file.parent, cycles=("de",)))["de"].economy == "DE"
    with pytest.raises(MacroCycleError, match="cannot make the folder"):
        cycles_app(["new", "fr", "--series", "UNRATE", "--folder", str(file)], standalone_mode=False)


def test_a_series_that_a_new_definition_describes_is_not_warned_of(caplog):
    scaffold("de", ["A_SERIES_OF_OUR_OWN"], Catalog.load())
    assert not caplog.records
