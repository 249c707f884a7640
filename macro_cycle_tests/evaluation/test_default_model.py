import numpy as np
import pandas as pd
import pytest

from benchmarks.default_model.walk_forward import Experiment, WalkForward, default_config, figures, walk_forward
from macro_cycle.features import default_feature_set


@pytest.fixture(scope="module")
def run() -> WalkForward:
    features = default_feature_set()
    return walk_forward(Experiment("default", features, default_config(features, n_restarts=3)))


@pytest.mark.slow
def test_the_default_model_dates_the_cycle_as_well_as_promised(run):
    found = figures(run)
    assert found["auroc"] >= 0.997
    assert found["brier"] <= 0.017
    assert found["false_alarms"] <= 0.015
    assert found["label_changes"] <= 0.005


@pytest.mark.slow
def test_all_seven_recessions_since_1973_are_called_by_the_fourth_month_end(run):
    delays = np.array(str(figures(run)["delays"]).split(), float)
    assert len(delays) == 7
    assert (delays <= 4).all()


@pytest.mark.slow
def test_each_call_is_about_a_month_that_was_over(run):
    assert (pd.DatetimeIndex(run.calls["reference_month"]) < run.calls.index).all()
