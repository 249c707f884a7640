"""Drift statistics alarm at the rate they claim on what the model itself says, and see a world that changed."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from macro_cycle.evaluation.drift import (
    WINDOW,
    calibration,
    drift,
    occupancy,
    occupancy_moments,
    stay,
    surprise,
    turns,
    turns_distribution,
)
from macro_cycle.hmm import MacroCycleHMM


@pytest.fixture(scope="module")
def model(bundle) -> MacroCycleHMM:
    return MacroCycleHMM.from_document(dict(bundle.model))


Path = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def paths(model) -> list[Path]:
    """Paths of regimes as the model itself draws them, long enough to forget their beginning, and their transitions."""
    states, panel = model.sample(400 * (WINDOW + 60), seed=1)
    return list(zip(np.split(states, 400), np.split(model.transitions(panel), 400), strict=True))


def test_turns_have_the_distribution_of_simulated_paths(paths):
    counts = [int(np.count_nonzero(np.diff(path[: WINDOW + 1]))) for path, _ in paths]
    number = np.arange(WINDOW + 1)
    expected = np.mean([turns_distribution(chain[1 : WINDOW + 1], path[0]) @ number for path, chain in paths])
    spread = np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - expected) < 4 * spread


def test_turns_distribution_is_a_distribution_and_exact_for_two_months(model):
    A = model.parameters.transition_matrix
    probability = turns_distribution(np.array([A, A]), 1)
    assert probability.sum() == pytest.approx(1)
    assert probability[0] == pytest.approx(A[1, 1] ** 2)
    assert probability[1] == pytest.approx(sum(A[1, j] * (A[j, j] + A[1, 1]) for j in (0, 2, 3)))


def test_occupancy_has_the_moments_of_all_paths_of_a_chain_that_varies():
    rng = np.random.default_rng(3)
    chain, start = rng.dirichlet(np.ones(2), size=(5, 2)), np.array([0.3, 0.7])
    first, second = np.zeros(2), np.zeros(2)
    for path in product(range(2), repeat=6):
        steps = (chain[t, path[t], path[t + 1]] for t in range(5))
        share = np.bincount(path[3:], minlength=2) / 3
        probability = start[path[0]] * np.prod(list(steps))
        first, second = first + probability * share, second + probability * share**2
    mean, deviation = occupancy_moments(start, chain, 3)
    np.testing.assert_allclose(mean, first, atol=1e-12)
    np.testing.assert_allclose(deviation, np.sqrt(second - first**2), atol=1e-12)


def test_alarms_are_rare_on_paths_that_the_model_draws(model, paths):
    found = [[*occupancy(model, *path), stay(model, *path), turns(*path)] for path in paths]
    rates = np.mean([[statistic.alarming for statistic in row] for row in found], axis=0)
    assert (rates < 0.06).all(), rates


def _constant(model: MacroCycleHMM, months: int) -> np.ndarray:
    return np.tile(model.parameters.transition_matrix, (months, 1, 1))


def test_a_regime_that_never_comes_and_never_ending_flicker_are_seen(model):
    stuck = np.zeros(WINDOW + 1, np.int64)
    assert turns(stuck, _constant(model, WINDOW + 1)).value == 0
    flicker = np.tile([0, 1], WINDOW)
    assert turns(flicker, _constant(model, 2 * WINDOW)).alarming
    trough = np.full(WINDOW, 3)
    assert stay(model, trough, _constant(model, WINDOW)).alarming
    assert any(statistic.alarming for statistic in occupancy(model, trough, _constant(model, WINDOW)))


def test_a_stay_is_counted_to_its_beginning_month_by_month(model):
    states = np.array([1] * 5 + [0] * 7)
    chain = np.random.default_rng(0).dirichlet(np.ones(4), size=(12, 4))
    found = stay(model, states, chain)
    assert found.value == 7
    assert found.p_value == pytest.approx(np.prod(chain[6:, 0, 0]))
    assert stay(model, np.zeros(9, np.int64), _constant(model, 9)).value == 9


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
    months = pd.date_range("1990-01-01", periods=80, freq="MS")
    settled = pd.DataFrame({"reference_month": months, "score": [0.1, 0.9] * 40, "recession": [False, True] * 40})
    found = drift(model, bundle.panel, settled)
    assert found[0].name == "surprise"
    assert {"stay", "turns", "calibration"} <= {s.name for s in found}
    assert sum(s.name.startswith("occupancy") for s in found) == 4
    assert all(np.isfinite(s.value) and 0 <= s.p_value <= 1 and s.text for s in found)
