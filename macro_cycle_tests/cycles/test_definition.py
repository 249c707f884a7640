"""A definition says everything of a cycle, or in one line where it is wrong."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml

from macro_cycle.cycles import CycleDefinition, shipped
from macro_cycle.cycles.library import SHIPPED
from macro_cycle.cycles.naming import settings_of
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.chronology import Chronology, Recession
from macro_cycle.platform.settings import ModelSettings, Settings
from macro_cycle_tests.cycles.folders import XX, library_in, with_xx


def test_settings_of_the_model_go_before_the_definition():
    us = shipped()
    config = us.hmm_config(ModelSettings(n_regimes=3, covariance_type="diag"), seed=7)
    assert (config.n_regimes, config.covariance_type, config.seed) == (3, "diag", 7)
    assert (config.n_restarts, config.discount) == (us.model["n_restarts"], us.model["discount"])


def test_names_are_those_of_the_settings_for_the_default_cycle_and_end_with_the_code_for_others(tmp_path):
    cycles = library_in(with_xx(tmp_path)).found
    us, xx = (settings_of(Settings(), cycles[code]) for code in ("us", "xx"))
    assert (us.kserve.model_name, us.mlflow.registered_model, us.feast.economy) == (
        "macro-cycle-hmm",
        "macro-cycle-hmm",
        "US",
    )
    assert (xx.kserve.model_name, xx.mlflow.experiment, xx.feast.economy) == (
        "macro-cycle-hmm-xx",
        "macro_cycle_xx",
        "XX",
    )
    assert (str(us.data.first_partition), str(xx.data.first_partition)) == ("1970-01-01", "1990-01-01")


def test_a_source_in_the_definition_goes_before_that_of_the_settings_and_starts_in_its_folder(tmp_path):
    folder = with_xx(tmp_path, XX + "source: {name: alfred_file, path: data/xx.csv}\n")
    data = settings_of(Settings(), library_in(folder)["xx"]).data
    assert (data.source, data.source_path) == ("alfred_file", str(tmp_path / "data" / "xx.csv"))


def test_a_turning_point_known_by_quarter_is_the_last_month_of_its_quarter(tmp_path):
    [recession] = library_in(with_xx(tmp_path))["xx"].chronology.recessions
    assert (recession.peak, recession.trough) == (pd.Timestamp("2007-12"), pd.Timestamp("2009-06"))
    assert recession.dated_by == "quarter"


def test_after_a_peak_whose_trough_is_not_dated_nothing_is_settled():
    begun = Chronology(authority="a committee", recessions=(Recession(peak="2020-02", peak_announced="2020-06-08"),))
    index = pd.date_range("2019-12-01", "2021-12-01", freq="MS")
    state = begun.settled(index, pd.Timestamp("2021-12-31"))
    assert state[:"2020-02"].eq(False).all()
    assert state["2020-03":].isna().all()


WRONG = {
    "an unknown key": (("title:", "subtitle:"), 1, "subtitle"),
    "a key that is missing": (("economy: XX\n", ""), 1, "economy: it is missing"),
    "a role": (("role: activity", "role: actvity"), 5, "features.0.role"),
    "a regime too many": (("n_regimes: 2", "n_regimes: 5"), 7, "n_regimes is 5"),
    "an option that is none": (("n_restarts: 1", "n_starts: 1"), 7, "unknown model option n_starts"),
    "a month": (("2007Q4", "2007Q5"), 11, "write a month as YYYY-MM"),
    "a trough before its peak": (("2009Q2", "2007Q2"), 11, "does not follow the peak"),
    "an announcement before its turn": (("2008-12-01", "2006-12-01"), 11, "cannot have been announced"),
    "a first month": (("first_month: 1990-01", "first_month: 1990"), 3, "first_month"),
    "yaml": (("model: {", "model: {{"), 7, "line 7"),
    "a list": ((XX, "- us\n"), None, "maps keys"),
    "a rule": (("model:", "declared: {on: 0.7, days: 7, off: 0.8}\nmodel:"), 7, "declared.off"),
    "a catalogue": (("model:", "catalogue: {series: {UNRATE: {tcode: 9}}}\nmodel:"), 7, "tcode"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_with_file_and_line_and_leaves_the_other_cycles(what, tmp_path):
    (right, wrong), line, said = WRONG[what]
    assert right in XX
    found = library_in(with_xx(tmp_path, XX.replace(right, wrong, 1)))
    assert set(found.found) >= {"us"}
    assert "xx" not in found.found
    with pytest.raises(MacroCycleError) as refused:
        _ = found["xx"]
    message = str(refused.value)
    assert "\n" not in message
    assert str(tmp_path / "xx.yaml") in message
    assert said in message
    assert line is None or f"line {line}" in message


def test_a_file_of_the_users_replaces_the_shipped_one_of_its_name(tmp_path):
    (tmp_path / "us.yaml").write_text(XX)
    assert library_in(tmp_path)["us"].economy == "XX"
    (tmp_path / "us.yaml").write_text("title: 3\n")
    assert "us" in library_in(tmp_path).broken


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(MacroCycleError, match="is no folder"):
        library_in(tmp_path / "gone")


def test_every_shipped_definition_holds_and_reads_again():
    for path in SHIPPED.glob("*.yaml"):
        assert CycleDefinition.read(path).code == path.stem


def test_words_that_old_yaml_takes_for_yes_and_no_are_text(tmp_path):
    folder = with_xx(tmp_path, XX.replace("economy: XX", "economy: NO") + "declared: {on: 0.8, days: 3, off: 0.4}\n")
    found = library_in(folder)["xx"]
    assert (found.economy, found.declared.on, found.declared.off) == ("NO", 0.8, 0.4)
    assert yaml.safe_load("NO") is False


def test_reading_definitions_imports_nothing_heavy():
    probe = (
        "import sys; from macro_cycle.cycles import library; from macro_cycle.platform.settings import Settings; "
        "library(Settings()); print([m for m in ('numba', 'torch', 'scipy', 'dagster') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
