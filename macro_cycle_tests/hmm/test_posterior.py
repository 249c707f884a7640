"""The posterior: the same density as EM's, its exact gradient, and intervals that cover the truth."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from pyro.infer.autoguide.initialization import init_to_value
from pyro.infer.mcmc.util import initialize_model
from torch.distributions import constraints

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, HMMParameters, MacroCycleHMM
from macro_cycle.hmm.em import run_em
from macro_cycle.hmm.inference import forward_backward_many
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.posterior.coordinates import LogPosterior
from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.posterior.laplace import inflation, laplace
from macro_cycle.hmm.posterior.pyro_model import pyro_model
from macro_cycle.hmm.posterior.transforms import Interval, Positive, Real, Simplex
from macro_cycle.hmm.starts import starts
from macro_cycle.hmm.structure import allowed_transitions
from macro_cycle_tests.hmm import oracles
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel
from macro_cycle_tests.hmm.test_em import COVARIANCES, EMISSIONS, PLAIN, months, observe

COLUMNS = {"x0": "activity", "x1": "momentum", "x2": "free"}
CASES = [(c, e, s) for c in COVARIANCES for e in EMISSIONS for s in ("cycle", "free")]
NAMES = [f"{c}-{''.join(map(str, e.values()))}-{s}" for c, e, s in CASES]


def fitted(covariance_type: str, emission: dict, structure: str) -> tuple[LogPosterior, float, HMMParameters]:
    config = PLAIN.replace(
        covariance_type=covariance_type,
        structure=structure,
        roles=COLUMNS,
        n_regimes=3,
        discount=0.7,
        max_iter=60,
        n_restarts=1,
        **emission,
    )
    observations: Observations = observe(months(8, 50, 3, 0.15, tails=False))
    outcome = run_em(observations, config, [starts(observations, config)[0][1]])[0]
    return LogPosterior(JointDensity(config, observations)), outcome.objective, outcome.parameters


@pytest.mark.parametrize(("covariance_type", "emission", "structure"), CASES, ids=NAMES)
def test_log_joint_is_the_em_objective(covariance_type, emission, structure):
    """Not up to a constant: the very number. Held off a boundary, a probability moves it by about its floor."""
    posterior, objective, parameters = fitted(covariance_type, emission, structure)
    sites = posterior.density.sites
    values = {name: value[None] for name, value in sites.values(parameters).items()}
    assert posterior.density.log_joint(values)[0] == pytest.approx(objective, abs=1e-5)


@pytest.mark.parametrize(("covariance_type", "emission", "structure"), CASES, ids=NAMES)
def test_gradient_equals_finite_differences(covariance_type, emission, structure):
    posterior, _, parameters = fitted(covariance_type, emission, structure)
    theta = posterior.coordinates(posterior.density.sites.values(parameters)).clip(-6, 6)
    theta += np.random.default_rng(0).normal(scale=0.05, size=theta.shape)
    step = 1e-5 * np.eye(len(theta))
    _, gradient = posterior.value_and_gradient(theta[None])
    values, _ = posterior.value_and_gradient(np.concatenate([theta + step, theta - step]))
    numerical = (values[: len(theta)] - values[len(theta) :]) / 2e-5
    np.testing.assert_allclose(gradient[0], numerical, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("covariance_type", COVARIANCES)
def test_covariance_coordinates_carry_their_jacobian(covariance_type):
    """log |d Sigma / d theta| from numerical differentiation of the map itself."""
    posterior, _, parameters = fitted(covariance_type, {"emission": "gaussian"}, "free")
    sites = posterior.density.sites
    values = sites.values(parameters)
    names = ("variances",) if posterior.density.config.diagonal else ("scales", "loadings")
    own = [site for site in sites.sites if site.name in names]

    def parts(flat: np.ndarray) -> list[np.ndarray]:
        return np.split(flat, np.cumsum([site.size for site in own])[:-1])

    def covariance_numbers(flat: np.ndarray) -> np.ndarray:
        moved = {**values, **{site.name: site.transform.value(p) for site, p in zip(own, parts(flat), strict=True)}}
        spread = sites.arrays(moved).spread[: 1 if posterior.density.config.tied else None]
        if posterior.density.config.diagonal:
            return spread.ravel()
        below = np.tril_indices(3)
        return (spread @ spread.mT)[:, below[0], below[1]].ravel()

    flat = np.concatenate([site.transform.coordinates(values[site.name]) for site in own])
    steps = 1e-5 * np.eye(len(flat))
    columns = [(covariance_numbers(flat + step) - covariance_numbers(flat - step)) / 2e-5 for step in steps]
    expected = np.linalg.slogdet(np.stack(columns, axis=1))[1]
    measured = posterior.density.log_measure({name: value[None] for name, value in values.items()})[0]
    measured += sum(site.transform.log_jacobian(part) for site, part in zip(own, parts(flat), strict=True))
    assert measured == pytest.approx(expected, abs=1e-7)


KINDS = {
    "real": (Real(), constraints.real_vector),
    "positive": (Positive(), constraints.independent(constraints.positive, 1)),
    "interval": (Interval(2.1, 200.0), constraints.independent(constraints.interval(2.1, 200.0), 1)),
    "simplex": (Simplex(), constraints.simplex),
}


@pytest.mark.parametrize(("transform", "support"), KINDS.values(), ids=KINDS)
def test_coordinates_are_those_of_torch_with_their_gradient(transform, support):
    """So that a mode and a covariance found here are ones for Pyro."""
    rng, known = np.random.default_rng(0), torch.distributions.biject_to(support)
    theta = torch.from_numpy(rng.normal(scale=2.0, size=(7, 4))).requires_grad_()
    value = known(theta)
    weights = torch.from_numpy(rng.normal(size=value.shape))
    jacobian = known.log_abs_det_jacobian(theta, value)
    [gradient] = torch.autograd.grad((weights * value).sum() + jacobian.sum(), theta)
    at = theta.detach().numpy()
    np.testing.assert_allclose(transform.value(at), value.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(transform.coordinates(transform.value(at)), at, atol=1e-9)
    np.testing.assert_allclose(transform.log_jacobian(at), jacobian.detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(transform.pull_back(at, weights.numpy()), gradient.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("covariance_type", "emission", "structure"), CASES, ids=NAMES)
def test_pyro_s_program_has_the_same_density_and_gradient(covariance_type, emission, structure):
    posterior, _, parameters = fitted(covariance_type, emission, structure)
    theta = posterior.coordinates(posterior.density.sites.values(parameters)).clip(-6, 6)
    somewhere = {name: torch.from_numpy(value) for name, value in posterior.values(theta).items()}
    start = init_to_value(values=somewhere)
    _, potential, _, _ = initialize_model(pyro_model, (posterior.density,), max_plate_nesting=0, init_strategy=start)
    own, begun = {}, 0
    for site in posterior.density.sites.sites:
        part = theta[begun : (begun := begun + site.size)]
        own[site.name] = torch.from_numpy(part).requires_grad_()
    value = -potential(own)
    gradient = torch.cat(torch.autograd.grad(value, own.values())).numpy()
    [known], [known_gradient] = posterior.value_and_gradient(theta[None])
    assert value.item() == pytest.approx(known, abs=1e-9)
    np.testing.assert_allclose(gradient, known_gradient, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("n_chains", [1, 3, 9])
def test_chains_side_by_side_give_the_enumerated_values_whatever_their_number(n_chains):
    rng = np.random.default_rng(n_chains)
    emissions, initial = rng.normal(size=(n_chains, 5, 3)), rng.dirichlet(np.ones(3), n_chains)
    transition = rng.dirichlet(np.ones(3), (n_chains, 3))
    many = forward_backward_many(emissions, initial, transition)
    for b in range(n_chains):
        log_likelihood, smoothed, expected = oracles.posterior_by_enumeration(emissions[b], initial[b], transition[b])
        assert many.log_likelihoods[b] == pytest.approx(log_likelihood, abs=1e-10)
        np.testing.assert_allclose(many.smoothed_probs[b], smoothed, atol=1e-10)
        np.testing.assert_allclose(many.expected_transitions[b], expected, atol=1e-10)


def two_levels(seed: int, n_months: int = 240) -> tuple[np.ndarray, HMMParameters]:
    """A panel from known parameters, not rescaled."""
    truth = HMMParameters(
        [0.5, 0.5], [[0.96, 0.04], [0.10, 0.90]], [[0.5, 1.0], [-1.0, -0.5]], [[0.6, 0.8], [1.2, 0.5]], "diag"
    )
    from macro_cycle.hmm.simulation import simulate

    return simulate(truth, n_months, np.random.default_rng(seed))[1], truth


WEAK = HMMConfig(
    n_regimes=2,
    covariance_type="diag",
    structure="free",
    scaling="none",
    winsor=None,
    discount=1.0,
    stickiness=0.0,
    initial_weight=0.0,
    variance_weight=0.02,
    variance_scale=1.0,
    tol=1e-8,
    max_iter=500,
    n_restarts=2,
)


def truth_in_rows(truth: HMMParameters) -> np.ndarray:
    """In the order of the parameter table, without pi, of which one month says next to nothing."""
    return np.concatenate([truth.transition_matrix.ravel(), truth.means.T.ravel(), truth.covariances.T.ravel()])


def test_laplace_intervals_cover_the_truth_as_often_as_they_say():
    """90 % intervals of 12 numbers in 25 samples: 270 of 300 on average, 5.2 standard deviation if independent."""
    inside = 0
    for seed in range(25):
        panel, truth = two_levels(seed)
        table = MacroCycleHMM(WEAK).fit(panel).posterior(panel, n_draws=400).parameters(level=0.9).iloc[2:]
        exact = truth_in_rows(truth)
        inside += int(((table["low"] <= exact) & (exact <= table["high"])).sum())
    assert 248 <= inside <= 290


def test_intervals_of_short_samples_cover_the_truth_too():
    """360 intervals; the curvature alone gives 78 % at 60 months."""
    inside = []
    for seed in range(1000, 1030):
        panel, truth = two_levels(seed, n_months=60)
        posterior = MacroCycleHMM(WEAK).fit(panel).posterior(panel, n_draws=200)
        table = posterior.parameters(level=0.9).iloc[2:]
        exact = truth_in_rows(truth)
        inside.append(((table["low"] <= exact) & (exact <= table["high"])).mean())
        assert posterior.diagnostics == {"inflation": inflation(60)}
    assert 0.84 <= np.mean(inside) <= 0.96


def test_samples_shorter_than_those_measured_carry_a_warning():
    panel, _ = two_levels(0, n_months=40)
    posterior = MacroCycleHMM(WEAK).fit(panel).posterior(panel, n_draws=50)
    assert any("40 months are too few" in words for words in posterior.warnings)


def test_draws_are_widened_by_as_much_as_they_say():
    panel, _ = two_levels(0, n_months=60)
    normal = MacroCycleHMM(WEAK).fit(panel).posterior(panel, n_draws=50).laplace
    spread = normal.draws(20_000, 0).std(axis=0)
    np.testing.assert_allclose(spread, inflation(60) * normal.standard_errors, rtol=0.03)
    assert [round(inflation(months), 2) for months in (12, 60, 120, 240, 720)] == [1.73, 1.58, 1.2, 1.08, 1.03]


def test_a_covariance_that_collapses_is_said_in_one_line():
    panel, _ = two_levels(0, n_months=60)
    model = MacroCycleHMM(WEAK, covariance_type="full").fit(panel)
    posterior = model.posterior(panel, n_draws=20)
    posterior.draws.covariances[:] = 0.0
    with pytest.raises(MacroCycleError, match="covariance collapses"):
        posterior.regimes(panel)


def test_standard_errors_of_well_separated_means_are_the_textbook_ones():
    rng = np.random.default_rng(0)
    states = (np.arange(400) // 50) % 2
    values = rng.normal(size=(400, 1)) + 20.0 * states[:, None]
    model = MacroCycleHMM(WEAK, covariance_type="tied_diag").fit(values)
    table = model.posterior(values, n_draws=4000).parameters()
    rows = table[table.index.str.startswith("mean")]
    expected = inflation(400) * np.sqrt(model.parameters.covariances[0] / 200)
    np.testing.assert_allclose(rows["std_error"], expected, rtol=0.06)


@pytest.mark.slow
def test_nuts_and_svi_agree_with_laplace_where_the_posterior_is_nearly_normal():
    panel, truth = two_levels(1, n_months=400)
    model = MacroCycleHMM(WEAK).fit(panel)
    tables = {
        "laplace": model.posterior(panel).parameters(),
        "svi": model.posterior(panel, "svi", svi_steps=300).parameters(),
        "nuts": (sampled := model.posterior(panel, "nuts", n_draws=240, warmup=60)).parameters(),
    }
    assert sampled.warnings == ()
    assert sampled.diagnostics["smallest_effective_sample_size"] > 60
    reference = tables["laplace"].iloc[2:]
    for name in ("svi", "nuts"):
        table = tables[name].iloc[2:]
        gap = (table[["low", "high"]].mean(axis=1) - reference[["low", "high"]].mean(axis=1)) / reference["std_error"]
        assert gap.abs().max() < 0.75
        assert (np.log(table["std_error"] / reference["std_error"]).abs() < 0.4).all()
    exact = truth_in_rows(truth)
    nuts = tables["nuts"].iloc[2:]
    assert (abs(nuts["estimate"] - exact) < 3.5 * nuts["std_error"]).all()


@pytest.fixture(scope="module")
def cycle():
    panel, _ = cycle_panel(n_months=240)
    model = MacroCycleHMM(roles=ROLES).fit(panel)
    return model, panel, model.posterior(panel, n_draws=200)


def test_ties_and_forbidden_turns_hold_in_every_draw(cycle):
    model, _, posterior = cycle
    assert (posterior.draws.transition_matrix[:, ~allowed_transitions(model.config)] == 0).all()
    np.testing.assert_allclose(posterior.draws.transition_matrix.sum(axis=2), 1.0)
    assert (posterior.draws.means[:, 0, :4] == posterior.draws.means[:, 1, :4]).all()
    assert (posterior.draws.covariances[:, 0] == posterior.draws.covariances[:, 3]).all()
    assert posterior.warnings == ()


def test_bands_hold_the_estimate_and_widen_with_the_level(cycle):
    model, panel, posterior = cycle
    narrow, wide = posterior.regimes(panel, 0.5), posterior.regimes(panel, 0.99)
    estimate = model.recession_probability(model.filter(panel).filtered_probs)
    band = wide.recession_filtered
    assert ((band.low - 1e-3 <= estimate) & (estimate <= band.high + 1e-3)).mean() > 0.97
    for inner, outer in ((narrow.filtered_probs, wide.filtered_probs), (narrow.smoothed_probs, wide.smoothed_probs)):
        assert (outer.low <= inner.low).all()
        assert (outer.high >= inner.high).all()
        assert ((inner.low >= 0) & (inner.high <= 1)).all()
    np.testing.assert_allclose(wide.filtered_probs.mean.sum(axis=1), 1.0)
    assert wide.index.equals(panel.index)


def test_forecast_bands_hold_the_forecast_and_start_from_the_filter(cycle):
    model, panel, posterior = cycle
    bands, point = posterior.forecast(panel, 12), model.forecast(panel, 12)
    assert bands.index.equals(point.index)
    assert (bands.recession_probability.low <= point.recession_probability).all()
    assert (point.recession_probability <= bands.recession_probability.high).all()
    np.testing.assert_allclose(bands.regime_probs.mean.sum(axis=1), 1.0)


def test_draws_of_regimes_equal_inference_with_each_draws_parameters(cycle):
    model, panel, posterior = cycle
    density = JointDensity(model.config, model.observations(panel))
    filtered, smoothed = posterior.draws.regime_probs(density)
    for s in (0, 77, 199):
        document = model.to_document()
        document["parameters"] = HMMParameters(
            posterior.draws.initial_probs[s],
            posterior.draws.transition_matrix[s],
            posterior.draws.means[s],
            posterior.draws.covariances[s, 0],
            "tied_diag",
        ).to_document()
        alone = MacroCycleHMM.from_document(document).smooth(panel)
        np.testing.assert_allclose(filtered[s], alone.filtered_probs, atol=1e-10)
        np.testing.assert_allclose(smoothed[s], alone.smoothed_probs, atol=1e-10)


def test_the_same_seed_gives_the_same_draws_and_leaves_the_callers_randomness_alone(cycle):
    model, panel, posterior = cycle
    torch.manual_seed(1)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    again = model.posterior(panel, n_draws=200)
    assert np.array_equal(again.draws.means, posterior.draws.means)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert not np.array_equal(model.posterior(panel, n_draws=200, seed=1).draws.means, again.draws.means)


def test_aligned_draws_follow_their_regimes_through_any_permutation(cycle):
    model, _, posterior = cycle
    shuffled = posterior.draws
    order = np.random.default_rng(0).permuted(np.tile(np.arange(4), (len(shuffled), 1)), axis=1)
    draw = np.arange(len(shuffled))[:, None]
    moved = type(shuffled)(
        shuffled.initial_probs[draw, order],
        shuffled.transition_matrix[draw[..., None], order[:, :, None], order[:, None, :]],
        shuffled.means[draw, order],
        shuffled.covariances[draw, order],
        None,
    )
    back = moved.aligned(model.parameters.means)
    assert np.array_equal(back.means, shuffled.means)
    assert np.array_equal(back.transition_matrix, shuffled.transition_matrix)


def test_flat_directions_are_said_in_plain_words():
    """A regime without months and without a prior of its mean: nothing is known of it."""
    values = np.random.default_rng(0).normal(size=(40, 1))
    config = WEAK.replace(mean_precision=0.0)
    parameters = HMMParameters([1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]], [[0.0], [60.0]], [[1.0], [1.0]], "diag")
    fit = laplace(LogPosterior(JointDensity(config, observe(values))), parameters)
    assert any("say nothing" in words for words in fit.warnings)


def test_every_cell_missing_in_the_newest_month_is_no_obstacle():
    panel, _ = cycle_panel(n_months=120)
    panel.iloc[-1] = np.nan
    model = MacroCycleHMM(roles=ROLES, covariance_type="tied").fit(panel)
    bands = model.posterior(panel, n_draws=50).regimes(panel)
    assert np.isfinite(bands.recession_smoothed.high).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [({"method": "gibbs"}, "laplace, svi, nuts"), ({"n_draws": 1}, "at least 2")],
)
def test_bad_requests_are_named(cycle, options, words):
    model, panel, posterior = cycle
    with pytest.raises(MacroCycleError, match=words):
        model.posterior(panel, **options)
    with pytest.raises(MacroCycleError, match="between 0 and 1"):
        posterior.regimes(panel, 1.0)


def test_neither_a_fit_nor_an_outlook_loads_torch_or_pyro():
    program = (
        "import sys, numpy as np; from macro_cycle.hmm import MacroCycleHMM;"
        "panel = np.random.default_rng(0).normal(size=(80, 2));"
        "model = MacroCycleHMM(structure='free', n_regimes=2, n_restarts=1).fit(panel); model.outlook(panel);"
        "assert not {'torch', 'pyro'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
