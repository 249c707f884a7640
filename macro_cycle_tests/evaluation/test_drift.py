"""Drift statistics alarm at the rate they claim on what the model itself says, and see a world that changed."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.evaluation.drift import (
    WINDOW,
    calibration,
    drift,
    occupancy,
    stay,
    surprise,
    turns,
    turns_distribution,
)
from macro_cycle.hmm import MacroCycleHMM


@pytest.fixture(scope="module")
def model(bundle) -> MacroCycleHMM:
    return MacroCycleHMM.from_document(dict(bundle.model))


@pytest.fixture(scope="module")
def paths(model) -> list[np.ndarray]:
    """Paths of regimes as the model itself draws them, long enough to forget their beginning."""
    states, _ = model.sample(400 * (WINDOW + 60), seed=1)
    return np.split(states, 400)


def test_turns_have_the_distribution_of_simulated_paths(model, paths):
    counts = [int(np.count_nonzero(np.diff(path[: WINDOW + 1]))) for path in paths]
    starts = [path[0] for path in paths]
    A = model.parameters.transition_matrix
    expected = np.mean([turns_distribution(A, start, WINDOW) @ np.arange(WINDOW + 1) for start in starts])
    spread = np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - expected) < 4 * spread


def test_turns_distribution_is_a_distribution_and_exact_for_two_months(model):
    A = model.parameters.transition_matrix
    probability = turns_distribution(A, 1, 2)
    assert probability.sum() == pytest.approx(1)
    assert probability[0] == pytest.approx(A[1, 1] ** 2)
    assert probability[1] == pytest.approx(sum(A[1, j] * (A[j, j] + A[1, 1]) for j in (0, 2, 3)))


def test_alarms_are_rare_on_paths_that_the_model_draws(model, paths):
    found = [[*occupancy(model, path), stay(model, path), turns(model, path)] for path in paths]
    rates = np.mean([[statistic.alarming for statistic in row] for row in found], axis=0)
    assert (rates < 0.06).all(), rates


def test_a_regime_that_never_comes_and_never_ending_flicker_are_seen(model):
    stuck = np.zeros(WINDOW + 1, np.int64)
    assert turns(model, stuck).value == 0
    flicker = np.tile([0, 1], WINDOW)
    assert turns(model, flicker).alarming
    trough = np.full(WINDOW, 3)
    assert stay(model, trough).alarming
    assert any(statistic.alarming for statistic in occupancy(model, trough))


def test_a_stay_is_counted_to_its_beginning(model):
    states = np.array([1] * 5 + [0] * 7)
    found = stay(model, states)
    assert found.value == 7
    assert found.p_value == pytest.approx(model.parameters.transition_matrix[0, 0] ** 6)
    assert stay(model, np.zeros(9, np.int64)).value == 9


def test_a_month_like_no_other_is_a_surprise_and_missing_cells_are_not(model, bundle):
    panel = bundle.panel
    assert not surprise(model, panel).alarming
    shocked = panel.copy()
    shocked.iloc[-3:] += 25 * model.standardizer.scale
    assert surprise(model, shocked).alarming
    ragged = panel.copy()
    ragged.iloc[-2:, [2, 3, 7]] = np.nan
    assert not surprise(model, ragged).alarming


def test_an_overconfident_record_is_seen_in_spite_of_dependence():
    generator = np.random.default_rng(0)
    recession = np.repeat(generator.random(40) < 0.15, 12).astype(float)
    honest = np.where(recession == 1, 0.9, 0.1 / 0.85 * 0.15)
    assert not calibration(honest, recession).alarming
    assert calibration(np.clip(honest + 0.3, 0, 1), recession).alarming


def test_every_statistic_is_finite_and_says_what_it_found(model, bundle):
    settled = pd.DataFrame({"score": [0.1, 0.9] * 40, "recession": [False, True] * 40})
    found = drift(model, bundle.panel, settled)
    assert found[0].name == "surprise"
    assert {"stay", "turns", "calibration"} <= {s.name for s in found}
    assert sum(s.name.startswith("occupancy") for s in found) == 4
    assert all(np.isfinite(s.value) and 0 <= s.p_value <= 1 and s.text for s in found)
