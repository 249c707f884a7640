import json

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows, match_regimes
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel


@pytest.fixture(scope="module")
def fitted():
    panel, states = cycle_panel()
    return MacroCycleHMM(roles=ROLES).fit(panel), panel, states


def test_the_clock_finds_the_true_regimes(fitted):
    model, panel, states = fitted
    assert (model.smooth(panel).smoothed_probs.argmax(axis=1) == states).mean() > 0.9
    assert model.convergence.converged
    assert model.convergence.warnings == ()


def test_document_round_trip_predicts_the_same_bits(fitted):
    model, panel, _ = fitted
    document = json.loads(json.dumps(model.to_document()))
    again = MacroCycleHMM.from_document(document)
    assert again.to_document() == model.to_document()
    assert np.array_equal(again.filter(panel).filtered_probs, model.filter(panel).filtered_probs)


def test_a_fit_depends_on_data_config_and_seed_alone(fitted):
    model, panel, _ = fitted
    assert MacroCycleHMM(roles=ROLES).fit(panel).to_document() == model.to_document()


def test_regimes_frame_has_probabilities_that_sum_to_one(fitted):
    model, panel, _ = fitted
    frame = model.regimes(panel)
    assert frame.index.equals(panel.index)
    for kind in ("filtered", "smoothed", "predicted"):
        columns = [f"{kind}_{label}" for label in model.labels]
        np.testing.assert_allclose(frame[columns].sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(frame["recession_probability"], frame["filtered_Contraction"] + frame["filtered_Trough"])


def test_backfill_gives_the_same_bits_as_one_fit_after_another():
    panel, _ = cycle_panel(n_months=150)
    config = HMMConfig(roles=ROLES, n_restarts=3)
    ends = [120, 121, 122, 150]
    batch = fit_windows((panel, ends), config, n_threads=2)
    warm = None
    for end, model in zip(ends, batch, strict=True):
        alone = MacroCycleHMM(config).fit(panel.iloc[:end], warm_start=warm)
        assert alone.to_document() == model.to_document()
        warm = alone.parameters


def test_refits_keep_their_identity_and_a_swap_is_seen(fitted):
    model, panel, _ = fitted
    refit = MacroCycleHMM(roles=ROLES).fit(panel.iloc[:-12])
    matching = match_regimes(model, refit)
    assert matching.names_kept
    assert matching.confidence > 0.9
    assert not matching.ambiguous
    document = refit.to_document()
    document["parameters"] = refit.parameters.permuted([2, 3, 0, 1]).to_document()
    swapped = match_regimes(model, MacroCycleHMM.from_document(document))
    assert swapped.permutation == (2, 3, 0, 1)
    assert not swapped.names_kept


@pytest.mark.parametrize("n_regimes", [2, 3, 4])
def test_labels_follow_the_economics_whatever_the_order_of_columns(n_regimes):
    panel, _ = cycle_panel(seed=3)
    model = MacroCycleHMM(roles=ROLES, n_regimes=n_regimes, structure="free").fit(panel)
    activity = model.parameters.means[:, :4].mean(axis=1)
    assert activity[0] > activity[-1]
    reordered = panel[list(panel.columns[::-1])]
    again = MacroCycleHMM(roles=ROLES, n_regimes=n_regimes, structure="free").fit(reordered)
    assert (again.predict(reordered) == model.predict(panel)).mean() > 0.97


def test_forecast_goes_to_the_stationary_distribution(fitted):
    model, panel, _ = fitted
    forecast = model.forecast(panel, 500)
    np.testing.assert_allclose(forecast.regime_probs[-1], model.stationary_distribution, atol=1e-8)
    assert forecast.index[0] == panel.index[-1] + panel.index.freq
    assert (forecast.feature_std > 0).all()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda p: p.iloc[:5], "too few"),
        (lambda p: p * np.nan, "no value at all"),
        (lambda p: p.replace(p.iloc[3, 0], np.inf), "infinite"),
        (lambda p: p.astype(object).replace(p.iloc[3, 0], "x"), "not a number"),
        (lambda p: p.iloc[:, :0], "no columns"),
        (lambda p: p.iloc[:0], "no months"),
        (lambda p: p.to_numpy()[0], "dimensions"),
        (lambda p: p.set_axis(["a"] * 6, axis=1), "more than once"),
    ],
)
def test_bad_panels_give_one_clear_line(spoil, words):
    panel, _ = cycle_panel()
    with pytest.raises(MacroCycleError, match=words) as error:
        MacroCycleHMM(roles=ROLES).fit(spoil(panel))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "option",
    [
        {"n_regimes": 7},
        {"covariance_type": "spherical"},
        {"dof": 1.0},
        {"discount": 0.0},
        {"max_iter": 0},
        {"roles": {"jobs": "price"}},
        {"colour": "red"},
    ],
)
def test_bad_options_are_named(option):
    with pytest.raises(MacroCycleError, match=next(iter(option)) if "roles" not in option else "jobs"):
        MacroCycleHMM(**option)
