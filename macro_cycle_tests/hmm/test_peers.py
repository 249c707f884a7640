"""The same model in other software gives the same numbers, before and after estimation, and published ones."""

import ast
import logging
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from macro_cycle.hmm import HMMConfig, HMMParameters, inference
from macro_cycle.hmm.dynamics import stationary_distribution
from macro_cycle.hmm.em import run_em
from macro_cycle.hmm.emissions import log_densities
from macro_cycle.hmm.starts import starts
from macro_cycle_tests.hmm.test_em import months, observe

K, D, ITERATIONS = 3, 3, 30
PLAIN = HMMConfig(
    n_regimes=K,
    structure="free",
    scaling="none",
    winsor=None,
    discount=1.0,
    stickiness=0.0,
    initial_weight=0.0,
    mean_precision=0.0,
    variance_weight=2.0,
    variance_scale=0.5,
    tol=0.0,
    max_iter=ITERATIONS + 1,
    n_restarts=2,
)
HAMILTON = (0.754673, 0.095915, -0.358811, 1.163516, np.exp(-0.262658) ** 2, 0.013486, -0.057521, -0.246983, -0.212923)
logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)


def published(module: str, name: str) -> np.ndarray:
    """A list of numbers that statsmodels' own tests hold; read, not run, since their pytest marks are not ours."""
    spec = find_spec(f"statsmodels.tsa.regime_switching.tests.{module}")
    tree = ast.parse(Path(spec.origin).read_text())
    values = {n.targets[0].id: n.value for n in tree.body if isinstance(n, ast.Assign) and hasattr(n.targets[0], "id")}
    return np.array(ast.literal_eval(values[name]))


@pytest.fixture(scope="module")
def fedfunds() -> np.ndarray:
    """Quarterly federal funds rate, 1954 to 2010, of Stata's manual."""
    return published("test_markov_regression", "fedfunds")


def hmmlearn_model(start: HMMParameters, config: HMMConfig) -> GaussianHMM:
    """hmmlearn's model with our start and our prior of covariances."""
    weight, amount = config.variance_weight, config.variance_weight * config.variance_scale
    full = config.covariance_type in ("full", "tied")
    peer = GaussianHMM(
        K,
        config.covariance_type,
        n_iter=ITERATIONS,
        tol=-np.inf,
        init_params="",
        covars_prior=amount * np.eye(D) if full else amount,
        covars_weight=weight + (D if full else 1),
    )
    peer.startprob_, peer.transmat_ = start.initial_probs, start.transition_matrix
    peer.means_, peer.covars_ = start.means, start.covariances
    return peer


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
def test_estimates_and_likelihood_equal_hmmlearn_after_the_same_iterations(covariance_type):
    values = np.nan_to_num(months(3, 200, D, 0.0, tails=False), nan=0.3)
    config = PLAIN.replace(covariance_type=covariance_type)
    observations = observe(values)
    start = starts(observations, config)[1][1]
    outcome = run_em(observations, config, [start])[0]
    assert len(outcome.history) == ITERATIONS + 1
    peer = hmmlearn_model(start, config).fit(values)
    p = outcome.parameters
    covariances = peer.covars_ if covariance_type == "full" else np.diagonal(peer.covars_, axis1=1, axis2=2)
    for own, theirs in (
        (p.initial_probs, peer.startprob_),
        (p.transition_matrix, peer.transmat_),
        (p.means, peer.means_),
        (p.covariances, covariances),
    ):
        np.testing.assert_allclose(own, theirs, rtol=1e-7, atol=1e-9)
    emissions = log_densities(p, values)
    posterior = inference.forward_backward(emissions, p.initial_probs, p.transition_matrix)
    assert posterior.log_likelihood == pytest.approx(peer.score(values), rel=1e-8)
    np.testing.assert_allclose(posterior.smoothed_probs, peer.predict_proba(values), atol=1e-8)
    states, log_probability = inference.most_probable_path(emissions, p.initial_probs, p.transition_matrix)
    theirs = peer.decode(values)
    assert log_probability == pytest.approx(theirs[0], rel=1e-8)
    assert (states == theirs[1]).all()


@pytest.mark.parametrize("covariance_type", ["full", "diag", "tied", "spherical"])
def test_likelihood_equals_hmmlearn_at_the_same_parameters(covariance_type):
    """hmmlearn's spherical covariance is our diagonal one with equal entries."""
    values = np.nan_to_num(months(6, 150, D, 0.0, tails=False), nan=0.0)
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(K, D, D)) * 0.3 + np.eye(D)
    theirs = {
        "full": roots @ roots.mT,
        "tied": roots[0] @ roots[0].T,
        "diag": rng.uniform(0.5, 2.0, (K, D)),
        "spherical": rng.uniform(0.5, 2.0, K),
    }[covariance_type]
    ours = np.repeat(theirs[:, None], D, axis=1) if covariance_type == "spherical" else theirs
    own_type = "diag" if covariance_type == "spherical" else covariance_type
    p = HMMParameters(rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K), rng.normal(size=(K, D)), ours, own_type)
    peer = GaussianHMM(K, covariance_type)
    peer.startprob_, peer.transmat_, peer.means_, peer.covars_ = (
        p.initial_probs,
        p.transition_matrix,
        p.means,
        theirs,
    )
    posterior = inference.forward_backward(log_densities(p, values), p.initial_probs, p.transition_matrix)
    assert posterior.log_likelihood == pytest.approx(peer.score(values), rel=1e-8)
    np.testing.assert_allclose(posterior.smoothed_probs, peer.predict_proba(values), atol=1e-8)


def markov_regression(parameters: np.ndarray, switching_variance: bool) -> HMMParameters:
    """statsmodels' parameters p00, p10, means and variances as ours; its chain starts in the long run."""
    p00, p10, low, high, *variances = parameters
    transition = np.array([[p00, 1 - p00], [p10, 1 - p10]])
    covariances = np.array(variances).reshape(2, 1) if switching_variance else np.array(variances)
    kind = "diag" if switching_variance else "tied_diag"
    return HMMParameters(stationary_distribution(transition), transition, np.array([[low], [high]]), covariances, kind)


@pytest.mark.parametrize("switching_variance", [False, True])
def test_two_univariate_regimes_equal_statsmodels_markov_regression(switching_variance, fedfunds):
    parameters = np.array([0.98, 0.06, 3.5, 9.5, 4.0, *([7.0] if switching_variance else [])])
    peer = MarkovRegression(fedfunds, k_regimes=2, switching_variance=switching_variance).smooth(parameters)
    p = markov_regression(parameters, switching_variance)
    posterior = inference.forward_backward(log_densities(p, fedfunds[:, None]), p.initial_probs, p.transition_matrix)
    assert posterior.log_likelihood == pytest.approx(peer.llf, abs=1e-8)
    np.testing.assert_allclose(posterior.smoothed_probs, peer.smoothed_marginal_probabilities, atol=1e-10)
    np.testing.assert_allclose(posterior.filtered_probs, peer.filtered_marginal_probabilities, atol=1e-10)


def test_likelihood_of_the_federal_funds_rate_is_the_published_one(fedfunds):
    """Stata's example of a switching mean, at Stata's estimates: log-likelihood -508.63592."""
    p = markov_regression(np.array([0.9820939, 0.0503587, 3.70877, 9.556793, 2.107562**2]), False)
    filtered = inference.filter_forward(log_densities(p, fedfunds[:, None]), p.initial_probs, p.transition_matrix)
    assert filtered.log_likelihood == pytest.approx(-508.63592, abs=1e-4)


def test_our_estimates_of_the_federal_funds_rate_are_the_published_ones(fedfunds):
    """EM to its end, without priors, from k-means. Stata starts the chain in the long run; that we estimate pi
    moves the transitions a little, and can only raise the likelihood."""
    y = fedfunds[:, None]
    config = PLAIN.replace(n_regimes=2, covariance_type="tied_diag", variance_weight=1e-9, max_iter=2000, tol=1e-10)
    observations = observe(y)
    p = run_em(observations, config, [starts(observations, config)[0][1]])[0].parameters
    p = p.permuted(np.argsort(p.means[:, 0]))
    np.testing.assert_allclose(p.means[:, 0], [3.70877, 9.556793], atol=0.01)
    np.testing.assert_allclose(np.diagonal(p.transition_matrix), [0.9820939, 1 - 0.0503587], atol=0.005)
    assert np.sqrt(p.covariances[0]) == pytest.approx(2.107562, abs=0.005)
    filtered = inference.filter_forward(log_densities(p, y), p.initial_probs, p.transition_matrix)
    assert -508.63592 < filtered.log_likelihood < -507.5


def test_hamiltons_gnp_model_has_its_published_likelihood_and_recessions():
    """Hamilton (1989): log-likelihood -181.26339 and the filtered and smoothed probabilities of recession.

    The autoregression in deviations from the mean is outside our emissions, so it cannot be estimated here. Given
    its estimates the model is a hidden Markov chain over the last five regimes (32 states) with known emissions,
    and inference, which takes any emissions and chain, must reproduce the paper.
    """
    p00, p10, low, high, variance, *phi = HAMILTON
    transition = np.array([[p00, 1 - p00], [p10, 1 - p10]])
    histories = np.array(list(np.ndindex(*(2,) * 5)))
    chain = np.zeros((32, 32))
    for a, past in enumerate(histories):
        for b, now in enumerate(histories):
            if (now[1:] == past[:-1]).all():
                chain[a, b] = transition[past[0], now[0]]
    initial = stationary_distribution(transition)[histories[:, -1]]
    for lag in range(4, 0, -1):
        initial = initial * transition[histories[:, lag], histories[:, lag - 1]]
    y = published("test_markov_autoregression", "rgnp")
    deviations = np.lib.stride_tricks.sliding_window_view(y, 5)[:, None, ::-1] - np.array([low, high])[histories]
    errors = deviations @ np.r_[1.0, -np.array(phi)]
    emissions = -0.5 * (np.log(2 * np.pi * variance) + errors**2 / variance)
    posterior = inference.forward_backward(emissions, initial, chain)
    recession = histories[:, 0] == 0
    assert posterior.log_likelihood == pytest.approx(-181.26339, abs=1e-4)
    filtered, smoothed = (p[:, ~recession].sum(axis=1) for p in (posterior.filtered_probs, posterior.smoothed_probs))
    np.testing.assert_allclose(filtered, published("test_markov_autoregression", "hamilton_ar4_filtered"), atol=1e-5)
    np.testing.assert_allclose(smoothed, published("test_markov_autoregression", "hamilton_ar4_smoothed"), atol=1e-5)
