"""The stationary chain's forecast is that of all paths, under the transitions that its panel is expected to hold."""

from itertools import pairwise, product

import numpy as np
import pytest

from macro_cycle.evaluation.stationary_chain import stationary_chain, stationary_transitions
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.hmm.labels import recession_side
from macro_cycle_tests.hmm import oracles
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel
from macro_cycle_tests.hmm.test_varying_transitions import SPREAD, driven_panel

STEPS = 4


@pytest.fixture(scope="module")
def driven():
    panel, _ = driven_panel(seed=1)
    return MacroCycleHMM(roles=SPREAD, n_restarts=2).fit(panel), panel


@pytest.mark.parametrize("months", [2, 5])
def test_its_forecast_is_the_enumeration_of_all_paths_behind_and_ahead(driven, months):
    model, panel = driven
    short, p = panel[:months], model.parameters
    emissions = model.config.discount * oracles.log_densities(p, model.observations(short).values)
    _, smoothed, counted = oracles.posterior_by_enumeration(emissions, p.initial_probs, model.transitions(short))
    matrix, low = counted / counted.sum(axis=1, keepdims=True), recession_side(4)
    begins, recession = np.zeros(STEPS), np.zeros(STEPS)
    for path in product(range(4), repeat=STEPS + 1):
        weight = smoothed[-1, path[0]] * np.prod([matrix[i, j] for i, j in pairwise(path)])
        entered = [not low[i] and low[j] for i, j in pairwise(path)]
        begins += weight * np.array([any(entered[: h + 1]) for h in range(STEPS)])
        recession += weight * low[list(path[1:])]
    found = stationary_chain(model, short, STEPS)
    np.testing.assert_allclose(found.begins, begins, atol=1e-9)
    np.testing.assert_allclose(found.recession, recession, atol=1e-9)


def test_a_model_of_constant_transitions_estimated_without_a_prior_is_its_own_stationary_chain():
    panel, _ = cycle_panel(n_months=240)
    model = MacroCycleHMM(roles=ROLES, n_restarts=1, transition_strength=0.0, tol=1e-12, max_iter=2000).fit(panel)
    ours, chain = model.forecast(panel, STEPS), stationary_chain(model, panel, STEPS)
    np.testing.assert_allclose(chain.begins, ours.recession_begins, atol=1e-4)
    np.testing.assert_allclose(chain.recession, ours.recession_probability, atol=1e-4)


def test_a_regime_never_left_stays():
    np.testing.assert_array_equal(
        stationary_transitions(np.array([[3.0, 1.0], [0.0, 0.0]])), [[0.75, 0.25], [0.0, 1.0]]
    )
