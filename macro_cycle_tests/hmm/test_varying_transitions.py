"""Transitions that depend on covariates: exact, monotone, blind to what was published later; constant ones as ever."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows, inference
from macro_cycle.hmm.covariates import CovariateProcess
from macro_cycle.hmm.dynamics import tilted
from macro_cycle.hmm.em import run_em
from macro_cycle.hmm.model import prepare
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.posterior.coordinates import LogPosterior
from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.starts import starts
from macro_cycle.hmm.structure import tilted_transitions, transition_counts
from macro_cycle_tests.hmm import oracles, reference_em
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

SPREAD = {**ROLES, "spread": "transition"}
SLOPE = -2.0


def driven_panel(seed: int = 0, n_months: int = 480) -> tuple[pd.DataFrame, np.ndarray]:
    """The cycle panel's emissions on regimes whose way out of Expansion depends on last month's spread."""
    rng = np.random.default_rng(seed)
    panel, _ = cycle_panel(seed, n_months)
    spread = np.zeros(n_months)
    for t in range(1, n_months):
        spread[t] = 0.95 * spread[t - 1] + 0.3 * rng.normal()
    slopes = np.zeros((4, 4, 1))
    slopes[0, 1] = SLOPE
    base = np.array([[0.97, 0.03, 0, 0], [0.05, 0.85, 0.1, 0], [0, 0, 0.9, 0.1], [0.2, 0, 0.02, 0.78]])
    states = np.zeros(n_months, dtype=int)
    for t in range(1, n_months):
        odds = base[states[t - 1]] * np.exp(slopes[states[t - 1], :, 0] * spread[t - 1])
        states[t] = rng.choice(4, p=odds / odds.sum())
    level = np.array([[0.4, 0.4, -1.6, -1.6], [0.8, -0.8, -0.8, 0.8]])
    means = np.stack([level[int(c in ROLES)] for c in panel.columns])
    values = means[:, states].T + 0.5 * rng.normal(size=panel.shape)
    return pd.DataFrame(values, panel.index, panel.columns).assign(spread=spread), states


def random_chain(seed: int, T: int = 6, K: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(T, K)), rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), size=(T, K))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), months=st.integers(1, 6))
def test_inference_equals_the_enumeration_of_all_paths(seed, months):
    emissions, initial, transitions = random_chain(seed, months)
    log_likelihood, smoothed, expected = oracles.posterior_by_enumeration(emissions, initial, transitions)
    found = inference.forward_backward(emissions, initial, transitions)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-10)
    np.testing.assert_allclose(found.smoothed_probs, smoothed, atol=1e-10)
    np.testing.assert_allclose(found.expected_transitions, expected, atol=1e-10)
    filtered = inference.filter_forward(emissions, initial, transitions)
    np.testing.assert_array_equal(filtered.filtered_probs, found.filtered_probs)
    np.testing.assert_allclose(filtered.filtered_probs[-1], smoothed[-1], atol=1e-10)
    paths, joint = oracles.enumerate_paths(emissions, initial, transitions)
    states, log_probability = inference.most_probable_path(emissions, initial, transitions)
    assert tuple(states) == paths[int(joint.argmax())]
    assert log_probability == pytest.approx(joint.max(), abs=1e-10)


def test_chains_side_by_side_equal_each_alone_and_give_each_month_its_own_expected_transitions():
    chains = [random_chain(seed) for seed in range(11)]
    many = inference.forward_backward_many(*(np.stack(part) for part in zip(*chains, strict=True)))
    for b, (emissions, initial, transitions) in enumerate(chains):
        _, smoothed, expected = oracles.posterior_by_enumeration(emissions, initial, transitions)
        np.testing.assert_allclose(many.smoothed_probs[b], smoothed, atol=1e-10)
        np.testing.assert_allclose(many.expected_transitions[b].sum(axis=0), expected, atol=1e-10)
        np.testing.assert_allclose(many.expected_transitions[b, 1:].sum(axis=(1, 2)), 1.0, atol=1e-10)


def test_equal_matrices_each_month_are_a_constant_one():
    emissions, initial, transitions = random_chain(3, 40)
    varying = inference.forward_backward(emissions, initial, np.tile(transitions[0], (40, 1, 1)))
    constant = inference.forward_backward(emissions, initial, transitions[0])
    np.testing.assert_allclose(varying.smoothed_probs, constant.smoothed_probs, atol=1e-13)
    np.testing.assert_allclose(varying.expected_transitions, constant.expected_transitions, atol=1e-12)


def test_a_tilted_row_is_the_softmax_of_its_log_odds_and_others_stay():
    rng = np.random.default_rng(0)
    A, slopes, x = rng.dirichlet(np.ones(4), size=4), np.zeros((4, 4, 2)), rng.normal(size=(5, 3, 2))
    A[0, 3] = 0.0
    slopes[0, 1:3] = rng.normal(size=(2, 2)) * 3
    found = tilted(A, slopes, x)
    with np.errstate(divide="ignore"):
        logits = np.log(A) + np.einsum("abc,ijc->abij", x, slopes)
    expected = torch.softmax(torch.from_numpy(logits), dim=-1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert tilted(A, None, x) is A


COVARIATE_NUMBERS = st.integers(1, 2)


@pytest.mark.parametrize("covariance_type", ["tied_diag", "full"])
@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_covariates=COVARIATE_NUMBERS,
    n_regimes=st.integers(2, 4),
    structure=st.sampled_from(["free", "cycle"]),
    scale=st.sampled_from([0.1, 1.0, 4.0]),
)
def test_the_objective_never_falls_and_is_the_penalised_likelihood(
    covariance_type, seed, n_covariates, n_regimes, structure, scale
):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(50, 2)) + 2.0 * (np.cumsum(rng.random(50) < 0.1) % 2)[:, None]
    values[rng.random(values.shape) < 0.1] = np.nan
    covariates = scale * rng.normal(size=(50, n_covariates)).cumsum(axis=0) / 5
    covariates[0] = 0.0
    plain = Observations.of(values)
    observations = Observations(plain.values, plain.index, plain.columns, False, covariates=covariates)
    config = HMMConfig(
        covariance_type=covariance_type,
        n_regimes=n_regimes,
        structure=structure,
        scaling="none",
        winsor=None,
        tol=0.0,
        max_iter=25,
        n_restarts=4,
        varying_from=("Expansion", "Peak", "Contraction"),
    )
    for outcome in run_em(observations, config, [p for _, p in starts(observations, config)]):
        history = np.array(outcome.history)
        assert (np.diff(history) >= -1e-9 * (1.0 + abs(history[1:]))).all()
        p = outcome.parameters
        if len(history) < config.max_iter:
            assert outcome.objective == pytest.approx(objective(p, values, covariates, config), rel=1e-8)
        assert not p.slopes[~tilted_transitions(config)].any()


def objective(p, values: np.ndarray, covariates: np.ndarray, config: HMMConfig) -> float:
    """The constant model's objective, its likelihood replaced by one under months' own transitions, by torch."""
    densities = config.discount * oracles.log_densities(p, values)
    with np.errstate(divide="ignore"):
        logits = np.log(p.transition_matrix) + np.einsum("tc,ijc->tij", covariates, p.slopes)
    steps = torch.log_softmax(torch.from_numpy(logits), dim=-1)
    alpha = torch.from_numpy(np.log(p.initial_probs) + densities[0])
    for t in range(1, len(values)):
        alpha = torch.logsumexp(alpha[:, None] + steps[t], dim=0) + torch.from_numpy(densities[t])
    constant = reference_em.log_likelihood(densities, p)
    prior = -0.5 * config.slope_precision * (p.slopes**2).sum()
    return reference_em.objective(p, values, config) - constant + float(torch.logsumexp(alpha, 0)) + float(prior)


def test_the_estimate_is_where_the_gradient_of_the_penalised_likelihood_is_zero():
    """Autograd through the whole recursion, not Fisher's identity: slopes and log odds of Expansion are at the mode."""
    panel, _ = driven_panel(n_months=240)
    config = HMMConfig(roles=SPREAD, n_restarts=1, tol=0.0, max_iter=400)
    model = MacroCycleHMM(config).fit(panel)
    p, observations = model.parameters, model.observations(panel)
    densities = torch.from_numpy(config.discount * oracles.log_densities(p, observations.values))
    counts = torch.from_numpy(transition_counts(config))
    log_odds = torch.tensor(np.log(p.transition_matrix[0, 1] / p.transition_matrix[0, 0]), requires_grad=True)
    slope = torch.tensor(p.slopes[0, 1, 0], requires_grad=True)
    x = torch.from_numpy(observations.covariates[:, 0])
    move = torch.sigmoid(log_odds + slope * x)
    A = torch.from_numpy(p.transition_matrix)
    alpha = torch.log(torch.from_numpy(p.initial_probs)) + densities[0]
    for t in range(1, len(x)):
        row = torch.stack([1 - move[t], move[t], torch.zeros(()), torch.zeros(())]).double()
        step = torch.cat([row[None], A[1:]])
        alpha = torch.log(torch.exp(alpha - alpha.max()) @ step) + alpha.max() + densities[t]
    at_zero = torch.sigmoid(log_odds)
    total = torch.logsumexp(alpha, 0) + counts[0, 1] * torch.log(at_zero) + counts[0, 0] * torch.log(1 - at_zero)
    (total - 0.5 * config.slope_precision * slope**2).backward()
    assert abs(float(log_odds.grad)) < 1e-5
    assert abs(float(slope.grad)) < 1e-5


def test_an_iteration_moves_to_the_maximum_of_each_rows_penalised_logit():
    """Iterated to its end the M-step's optimum is scipy's, given the same expected transitions."""
    panel, _ = driven_panel(n_months=300)
    config = HMMConfig(roles=SPREAD, n_restarts=1, tol=0.0, max_iter=400, varying_from=("Expansion", "Peak"))
    model = MacroCycleHMM(config).fit(panel)
    p, observations = model.parameters, model.observations(panel)
    densities = config.discount * oracles.log_densities(p, observations.values)
    transitions = tilted(p.transition_matrix, p.slopes, observations.covariates)
    chain = (densities[None], p.initial_probs[None], transitions[None])
    expected = inference.forward_backward_many(*chain).expected_transitions[0]
    moves, counts = [0, 2], transition_counts(config)[1]

    def minus_expected_objective(theta: np.ndarray) -> float:
        logits = np.zeros((len(expected), 4))
        logits[:, moves] = theta[:2] + observations.covariates * theta[2:]
        at_zero = np.array([theta[0], 0.0, theta[1]])
        value = ((logits - np.log(np.exp(logits[:, :3]).sum(axis=1))[:, None]) * expected[:, 1])[1:, :3].sum()
        prior = (counts[:3] * (at_zero - np.log(np.exp(at_zero).sum()))).sum()
        return -float(value + prior - 0.5 * config.slope_precision * (theta[2:] ** 2).sum())

    row = p.transition_matrix[1]
    theta = np.concatenate([np.log(row[moves] / row[1]), p.slopes[1, moves, 0]])
    best = minimize(minus_expected_objective, theta, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(best.x, theta, atol=1e-4)


def test_the_slope_that_made_the_regimes_is_found():
    panel, states = driven_panel(n_months=1200)
    model = MacroCycleHMM(HMMConfig(roles=SPREAD, slope_precision=0.01)).fit(panel)
    slope = model.parameters.slopes[0, 1, 0] / model.standardizer.scale[-1]
    assert slope == pytest.approx(SLOPE, abs=0.8)
    assert (model.smooth(panel).smoothed_probs.argmax(axis=1) == states).mean() > 0.9


def test_a_fit_is_the_same_alone_in_a_batch_and_on_threads():
    panel, _ = driven_panel(n_months=200)
    config = HMMConfig(roles=SPREAD, n_restarts=5)
    alone = [MacroCycleHMM(config).fit(panel[:end]).to_document() for end in (120, 160, 200)]
    together = fit_windows((panel, (120, 160, 200)), config, chain=False, n_threads=2)
    assert [model.to_document() for model in together] == alone


def test_a_lane_does_not_depend_on_its_company():
    observations = prepare(driven_panel(n_months=200)[0], config := HMMConfig(roles=SPREAD, n_restarts=6)).observations
    beginnings = [p for _, p in starts(observations, config)]
    together = run_em(observations, config, beginnings)
    for beginning, outcome in zip(beginnings, together, strict=True):
        alone = run_em(observations, config, [beginning])[0]
        assert alone.history == outcome.history
        np.testing.assert_array_equal(alone.parameters.slopes, outcome.parameters.slopes)


def test_a_month_uses_no_covariate_of_its_own_month_or_later():
    panel, _ = driven_panel(n_months=200)
    model = MacroCycleHMM(HMMConfig(roles=SPREAD, n_restarts=1)).fit(panel)
    changed = panel.copy()
    changed.iloc[150:, -1] += 3.0
    before, after = (model.filter(p).filtered_probs for p in (panel, changed))
    np.testing.assert_array_equal(before[:151], after[:151])
    assert not np.array_equal(before[151:], after[151:])


@given(lag=st.integers(1, 4), ahead=st.integers(0, 5), seed=st.integers(0, 999))
def test_a_covariate_that_is_not_known_is_the_last_known_one_decayed(lag, ahead, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(12, 2))
    values[rng.random(values.shape) < 0.4] = np.nan
    process = CovariateProcess(np.array([0.9, 0.0]), np.ones(2), lag)
    found = process.entering(values, ahead)
    for c in range(2):
        x = 0.0
        for t in range(12 + ahead):
            if (source := t - lag) >= 0:
                known = source < 12 and not np.isnan(values[source, c])
                x = values[source, c] if known else process.persistence[c] * x
            assert found[t, c] == pytest.approx(x, abs=1e-12)


@given(lag=st.integers(1, 4), steps=st.integers(1, 6), seed=st.integers(0, 999))
def test_what_is_expected_ahead_of_a_month_is_what_entering_says_of_the_panel_that_ends_with_it(lag, steps, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(9, 2))
    values[rng.random(values.shape) < 0.4] = np.nan
    process = CovariateProcess(np.array([0.9, 0.3]), np.ones(2), lag)
    found = process.expected_ahead(values, steps)
    for t in range(9):
        np.testing.assert_allclose(found[t], process.entering(values[: t + 1], steps)[t + 1 :], atol=1e-12)


def test_an_empty_covariate_changes_nothing_but_the_last_digits():
    panel, _ = cycle_panel(n_months=200)
    plain = MacroCycleHMM(roles=ROLES, n_restarts=2).fit(panel)
    empty = MacroCycleHMM(roles=SPREAD, n_restarts=2).fit(panel.assign(spread=np.nan))
    np.testing.assert_allclose(empty.nowcast(panel.assign(spread=np.nan)), plain.nowcast(panel), atol=1e-4)
    assert "empty" in " ".join(empty.convergence.warnings)


def test_a_panel_of_covariates_alone_is_refused():
    panel, _ = driven_panel(n_months=60)
    with pytest.raises(MacroCycleError, match="covariate"):
        MacroCycleHMM(roles=SPREAD).fit(panel[["spread"]])


def test_a_warm_start_with_other_covariates_is_refused():
    panel, _ = driven_panel(n_months=120)
    constant = MacroCycleHMM(roles=ROLES, n_restarts=1).fit(panel.drop(columns="spread"))
    with pytest.raises(MacroCycleError, match="covariates"):
        MacroCycleHMM(roles=SPREAD, n_restarts=1).fit(panel, warm_start=constant.parameters)


def test_the_model_survives_its_document():
    panel, _ = driven_panel(n_months=150)
    model = MacroCycleHMM(HMMConfig(roles=SPREAD, n_restarts=1)).fit(panel)
    again = MacroCycleHMM.from_document(model.to_document())
    assert again.to_document() == model.to_document()
    np.testing.assert_array_equal(again.forecast(panel, 5).regime_probs, model.forecast(panel, 5).regime_probs)


def test_the_joint_density_is_the_em_objective_and_brings_its_gradient():
    panel, _ = driven_panel(n_months=120)
    config = HMMConfig(roles=SPREAD, n_restarts=1, max_iter=30, varying_from=("Expansion", "Peak"))
    model = MacroCycleHMM(config).fit(panel)
    posterior = LogPosterior(JointDensity(config, model.observations(panel)))
    density = posterior.density
    values = density.sites.values(model.parameters)
    joint = density.log_joint({name: value[None] for name, value in values.items()})
    assert float(joint[0]) == pytest.approx(model.convergence.objective, rel=1e-6)
    theta = posterior.coordinates(values)
    value, gradient = posterior.value_and_gradient(theta[None])
    for place in range(len(theta)):
        step = np.zeros_like(theta)
        step[place] = 1e-5
        up, down = (posterior.value_and_gradient((theta + s)[None])[0][0] for s in (step, -step))
        assert gradient[0, place] == pytest.approx((up - down) / 2e-5, abs=2e-4 * max(1.0, abs(value[0]) / 1000))


def test_laplace_knows_how_uncertain_a_slope_is():
    panel, _ = driven_panel(n_months=240)
    model = MacroCycleHMM(HMMConfig(roles=SPREAD, n_restarts=1)).fit(panel)
    table = model.posterior(panel, n_draws=200).parameters()
    row = table.loc["slope of Expansion to Peak on spread"]
    assert row["low"] < row["estimate"] < row["high"]
    assert 0.05 < row["std_error"] < 1.0


def test_constant_transitions_give_the_bits_they_always_gave():
    """Uniform numbers and sums alone, so that no library's exp or log enters the sample."""
    rng = np.random.default_rng(5)
    level = np.where((np.arange(300) // 25) % 4 == 3, -1.5, 0.3)
    values = np.stack([level + rng.random(300) - rng.random(300) for _ in range(5)], axis=1)
    values[rng.random(values.shape) < 0.05] = np.nan
    for covariance_type, known in BITS.items():
        options = {"covariance_type": covariance_type, "discount": 0.5, "roles": {"x4": "momentum"}, "n_restarts": 3}
        options["transition_strength"] = 1.0
        model = MacroCycleHMM(HMMConfig(max_iter=60, scaling="none", **options)).fit(values)
        p, smooth = model.parameters, model.smooth(values)
        arrays = (p.initial_probs, p.transition_matrix, p.means, p.covariances, smooth.smoothed_probs)
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()[:16]
        assert digest == known, covariance_type


BITS = {"tied_diag": "2a529bd906f0c905", "full": "ea3b31e9a8184156"}


@pytest.fixture(scope="module", params=[ROLES, SPREAD], ids=["constant", "varying"])
def known(request) -> tuple[MacroCycleHMM, pd.DataFrame]:
    """A model of either kind, and a panel whose newest spread is not known yet."""
    panel, _ = driven_panel(n_months=240)
    panel = panel.assign(spread=panel["spread"].mask(panel.index > panel.index[-3]))
    used = panel if request.param is SPREAD else panel.drop(columns="spread")
    return MacroCycleHMM(roles=request.param).fit(used), used


def test_what_is_said_ahead_of_each_month_is_the_forecast_from_the_panel_that_ends_with_it(known):
    model, panel = known
    ahead = model.recession_ahead(panel, 12)
    for month in range(60, 240, 20):
        np.testing.assert_array_equal(ahead[month], model.forecast(panel.iloc[: month + 1], 12).recession_probability)


@pytest.mark.parametrize("months", [1, 2, 3, 4, 5, 24, 240])
def test_the_present_is_the_last_month_of_filter_phases_and_forecast(known, months):
    model, panel = known
    window = panel.to_numpy()[-months:]
    present = model.present(window, 6)
    np.testing.assert_array_equal(present.filtered_probs, model.filter(window).filtered_probs)
    assert present.log_likelihood == model.filter(window).log_likelihood
    np.testing.assert_allclose(present.phases, model.phases(window)[-1], rtol=1e-14, atol=1e-16)
    np.testing.assert_array_equal(present.recession_ahead, model.forecast(window, 6).recession_probability)
