"""The model keeps scikit-learn's contract of estimators."""

import pytest
from sklearn.base import clone

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel


def test_a_clone_has_all_options_and_no_estimates():
    model = MacroCycleHMM(roles=ROLES, n_restarts=1, discount=0.7).fit(cycle_panel(n_months=120)[0])
    other = clone(model)
    assert type(other) is MacroCycleHMM
    assert other is not model
    assert other.get_params() == model.get_params()
    with pytest.raises(MacroCycleError, match="call fit"):
        _ = other.parameters


def test_the_clone_of_a_model_fits_to_the_same_bits():
    panel, model = cycle_panel(n_months=120)[0], MacroCycleHMM(roles=ROLES, n_restarts=2)
    assert clone(model).fit(panel).to_document() == model.fit(panel).to_document()


def test_parameters_that_are_set_are_those_one_gets():
    model = MacroCycleHMM()
    assert MacroCycleHMM(**model.get_params()).config == model.config == HMMConfig()
    assert model.set_params(n_regimes=3, roles=ROLES) is model
    assert model.get_params()["n_regimes"] == 3
    assert model.config == HMMConfig(n_regimes=3, roles=ROLES)


def test_an_unknown_or_impossible_option_is_refused_and_changes_nothing():
    model = MacroCycleHMM()
    with pytest.raises(MacroCycleError, match="n_states"):
        model.set_params(n_states=3)
    with pytest.raises(MacroCycleError, match="n_regimes"):
        model.set_params(n_regimes=9)
    assert model.config == HMMConfig()
