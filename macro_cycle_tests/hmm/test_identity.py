"""Regimes keep their names and their meaning from one refit to the next."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, HMMParameters, MacroCycleHMM, fit_windows, match_regimes
from macro_cycle.hmm.labels import economic_order
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel


@pytest.mark.parametrize("n_regimes", [2, 3, 4])
def test_labels_do_not_flip_across_refits(n_regimes):
    """Old months keep their label from window to window, and matching finds every regime in its place."""
    panel, _ = cycle_panel(seed=5, n_months=300)
    config = HMMConfig(roles=ROLES, n_regimes=n_regimes, n_restarts=4)
    ends = range(200, 301, 20)
    models = fit_windows((panel, ends), config)
    for before, after, end in zip(models, models[1:], ends, strict=False):
        matching = match_regimes(before, after)
        assert matching.names_kept
        assert not matching.ambiguous
        old, new = (m.smooth(panel.iloc[:end]).smoothed_probs[:-24].argmax(axis=1) for m in (before, after))
        assert (old == new).mean() > 0.98


@pytest.mark.parametrize("n_regimes", [2, 3, 4])
def test_naming_does_not_depend_on_the_order_in_which_regimes_were_found(n_regimes):
    panel, _ = cycle_panel(seed=6, n_months=240)
    config = HMMConfig(roles=ROLES, n_regimes=n_regimes, structure="free", n_restarts=2)
    parameters = MacroCycleHMM(config).fit(panel).parameters
    rng = np.random.default_rng(0)
    for _ in range(5):
        shuffled = parameters.permuted(rng.permutation(n_regimes))
        again = shuffled.permuted(economic_order(shuffled, config, tuple(panel.columns)))
        assert again.to_document() == parameters.to_document()


def test_matching_is_blind_to_rebased_series():
    panel, _ = cycle_panel(seed=7, n_months=240)
    own = MacroCycleHMM(roles=ROLES).fit(panel)
    rebased = MacroCycleHMM(roles=ROLES).fit(panel * 250.0 + 3.0)
    matching = match_regimes(own, rebased)
    assert matching.permutation == (0, 1, 2, 3)
    assert matching.cost == pytest.approx(0.0, abs=1e-6)


@pytest.fixture(scope="module", params=[2, 3, 4])
def model(request):
    panel, _ = cycle_panel(seed=8, n_months=240)
    return MacroCycleHMM(roles=ROLES, n_regimes=request.param).fit(panel)


def with_parameters(model: MacroCycleHMM, parameters: HMMParameters) -> MacroCycleHMM:
    return MacroCycleHMM.from_document({**model.to_document(), "parameters": parameters.to_document()})


def with_first_two_gone(model: MacroCycleHMM, share: float) -> MacroCycleHMM:
    """The model after its first two regimes went a share of the way to each other's means."""
    means = model.parameters.means.copy()
    means[:2] += share * (means[1::-1] - means[:2])
    return with_parameters(model, replace(model.parameters, means=means))


def test_a_model_is_matched_to_itself_with_certainty(model):
    matching = match_regimes(model, model)
    assert matching.names_kept
    assert matching.confidence == 1.0
    assert not matching.ambiguous


def test_permuted_copies_are_matched_with_certainty(model):
    for order in permutations(range(model.config.n_regimes)):
        matching = match_regimes(model, with_parameters(model, model.parameters.permuted(order)))
        assert tuple(np.array(order)[list(matching.permutation)]) == tuple(range(len(order)))
        assert matching.names_kept == (order == tuple(range(len(order))))
        assert matching.confidence == 1.0


@pytest.mark.parametrize("share", [0.5, 0.45])
def test_two_regimes_that_met_halfway_are_ambiguous(model, share):
    matching = match_regimes(model, with_first_two_gone(model, share))
    assert matching.ambiguous
    assert matching.confidence == pytest.approx(1 - share**2 / (1 - share) ** 2, abs=1e-9)


def test_confidence_falls_as_regimes_change_places_and_comes_back_when_they_have(model):
    shares = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    there = [match_regimes(model, with_first_two_gone(model, share)) for share in shares]
    back = [match_regimes(model, with_first_two_gone(model, 1.0 - share)) for share in shares]
    confidences = [matching.confidence for matching in there]
    assert confidences == sorted(confidences, reverse=True)
    np.testing.assert_allclose(confidences, [matching.confidence for matching in back], atol=1e-9)
    assert all(matching.names_kept for matching in there[:-1])
    assert not any(matching.names_kept for matching in back[:-1])


def test_regimes_that_were_one_from_the_beginning_cannot_be_told_apart(model):
    one = with_first_two_gone(model, 0.5)
    assert match_regimes(one, one).confidence == 0.0


def test_models_that_cannot_be_compared_are_refused():
    panel, _ = cycle_panel(n_months=120)
    two, four = (MacroCycleHMM(roles=ROLES, n_regimes=k).fit(panel) for k in (2, 4))
    with pytest.raises(MacroCycleError, match="numbers must be equal"):
        match_regimes(two, four)
    other = MacroCycleHMM(n_regimes=2).fit(panel.add_prefix("new_"))
    with pytest.raises(MacroCycleError, match="no column"):
        match_regimes(two, other)
