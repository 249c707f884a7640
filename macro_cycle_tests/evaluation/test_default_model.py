"""The default model keeps its promises in a coarse walk-forward: re-estimated once a year, called every month."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.default_model.robustness import faults
from benchmarks.default_model.walk_forward import (
    Experiment,
    Panels,
    WalkForward,
    as_known,
    default_config,
    delays,
    figures,
    walk_forward,
)
from macro_cycle.cycles import shipped

pytestmark = pytest.mark.slow


def coarse(known: Panels | None = None) -> WalkForward:
    features = shipped().features
    return walk_forward(Experiment("default", features, default_config(features, n_restarts=3), every=12), known)


@pytest.fixture(scope="module")
def run() -> WalkForward:
    return coarse()


def test_the_default_model_dates_the_cycle_as_well_as_promised(run):
    found = figures(run)
    assert found["auroc"] >= 0.997
    assert found["brier"] <= 0.017
    assert found["false_alarms"] <= 0.017
    assert found["label_changes"] <= 0.005


def test_all_seven_recessions_since_1973_are_called_by_the_fourth_month_end(run):
    found = delays(run.calls)
    assert len(found) == 7
    assert (found <= 4).all()


def test_neither_half_of_the_sample_carries_the_figures_alone(run):
    found = figures(run)
    assert found["auroc_before_1995"] >= 0.99
    assert found["auroc_since_1995"] >= 0.99


def test_estimation_in_real_time_loses_nothing_against_hindsight(run):
    found = figures(run)
    assert found["auroc"] >= found["in_sample_auroc"] - 0.002


@pytest.mark.parametrize("fault", ["without PAYEMS", "break in the base of AWHMAN"])
def test_a_fault_in_the_data_costs_at_most_a_hundredth_of_auroc(run, fault):
    assert figures(coarse(as_known(faults()[fault])))["auroc"] >= figures(run)["auroc"] - 0.01


def test_each_call_is_about_a_month_that_was_over(run):
    assert (pd.DatetimeIndex(run.calls["reference_month"]) < run.calls.index).all()
    assert np.isfinite(run.calls["probability"]).all()
