"""Regimes keep their names and their meaning from one refit to the next."""

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows, match_regimes
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
        assert matching.permutation == tuple(range(n_regimes))
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


def test_regimes_that_mean_nearly_the_same_make_a_match_ambiguous():
    panel, _ = cycle_panel(seed=8, n_months=240)
    model = MacroCycleHMM(roles=ROLES, n_regimes=2).fit(panel)
    document = model.to_document()
    means = np.array(document["parameters"]["means"])
    document["parameters"]["means"] = (means.mean(axis=0) + 0.02 * (means - means.mean(axis=0))).tolist()
    assert match_regimes(model, MacroCycleHMM.from_document(document)).ambiguous


def test_models_that_cannot_be_compared_are_refused():
    panel, _ = cycle_panel(n_months=120)
    two, four = (MacroCycleHMM(roles=ROLES, n_regimes=k).fit(panel) for k in (2, 4))
    with pytest.raises(MacroCycleError, match="numbers must be equal"):
        match_regimes(two, four)
    other = MacroCycleHMM(n_regimes=2).fit(panel.add_prefix("new_"))
    with pytest.raises(MacroCycleError, match="no column"):
        match_regimes(two, other)
