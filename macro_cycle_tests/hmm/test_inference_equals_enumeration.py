import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.hmm import inference
from macro_cycle.hmm.emissions import log_densities
from macro_cycle_tests.hmm import oracles


def _case(covariance_type: str, student: bool, seed: int):
    rng = np.random.default_rng(seed)
    parameters = oracles.random_parameters(rng, 3, 3, covariance_type, student)
    values = rng.normal(size=(6, 3)) * 2
    values[rng.random(values.shape) < 0.3] = np.nan
    values[2] = np.nan
    return parameters, values


@pytest.mark.parametrize("covariance_type", ["full", "diag", "tied", "tied_diag"])
@pytest.mark.parametrize("student", [False, True])
def test_densities_equal_scipy_with_missing_cells(covariance_type, student):
    parameters, values = _case(covariance_type, student, 1)
    np.testing.assert_allclose(log_densities(parameters, values), oracles.log_densities(parameters, values), atol=1e-10)


@pytest.mark.parametrize("student", [False, True])
def test_densities_equal_scipy_when_a_pattern_has_more_months_than_a_vector_holds(student):
    rng = np.random.default_rng(4)
    parameters = oracles.random_parameters(rng, 3, 3, "full", student)
    values = rng.normal(size=(101, 3))
    values[rng.random(101) < 0.45, 1] = np.nan
    values[7] = np.nan
    np.testing.assert_allclose(log_densities(parameters, values), oracles.log_densities(parameters, values), atol=1e-10)


@pytest.mark.parametrize("covariance_type", ["full", "diag", "tied", "tied_diag"])
@pytest.mark.parametrize("student", [False, True])
def test_posterior_equals_enumeration(covariance_type, student):
    parameters, values = _case(covariance_type, student, 2)
    emissions = oracles.log_densities(parameters, values)
    chain = (parameters.initial_probs, parameters.transition_matrix)
    log_likelihood, smoothed, expected = oracles.posterior_by_enumeration(emissions, *chain)
    posterior = inference.forward_backward(log_densities(parameters, values), *chain)
    assert posterior.log_likelihood == pytest.approx(log_likelihood, abs=1e-8)
    np.testing.assert_allclose(posterior.smoothed_probs, smoothed, atol=1e-8)
    np.testing.assert_allclose(posterior.expected_transitions, expected, atol=1e-8)


def test_filter_uses_nothing_later_and_equals_enumeration_of_each_prefix():
    parameters, values = _case("full", False, 3)
    emissions = log_densities(parameters, values)
    chain = (parameters.initial_probs, parameters.transition_matrix)
    filtered = inference.filter_forward(emissions, *chain)
    for t in range(1, len(values) + 1):
        log_likelihood, smoothed, _ = oracles.posterior_by_enumeration(emissions[:t], *chain)
        np.testing.assert_allclose(filtered.filtered_probs[t - 1], smoothed[-1], atol=1e-8)
        assert filtered.log_likelihoods[:t].sum() == pytest.approx(log_likelihood, abs=1e-8)


def test_viterbi_finds_the_best_of_all_paths():
    for seed in range(10):
        parameters, values = _case("diag", False, seed)
        emissions = log_densities(parameters, values)
        chain = (parameters.initial_probs, parameters.transition_matrix)
        paths, joint = oracles.enumerate_paths(emissions, *chain)
        states, log_probability = inference.most_probable_path(emissions, *chain)
        assert tuple(states) == paths[int(joint.argmax())]
        assert log_probability == pytest.approx(joint.max(), abs=1e-10)


@pytest.mark.parametrize("months", [1, 2, 3, 4, 5, 7, 8])
def test_viterbi_meets_in_the_middle_of_any_number_of_months(months):
    rng = np.random.default_rng(months)
    chain = (rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), size=3))
    emissions = rng.normal(size=(months, 3))
    paths, joint = oracles.enumerate_paths(emissions, *chain)
    states, log_probability = inference.most_probable_path(emissions, *chain)
    assert tuple(states) == paths[int(joint.argmax())]
    assert log_probability == pytest.approx(joint.max(), abs=1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([1.0, 50.0, 100.0]))
def test_months_that_contradict_one_another_are_weighed_exactly(seed, spread):
    """Emissions differ by hundreds of logs, month after month; some transitions can hardly occur or cannot."""
    rng = np.random.default_rng(seed)
    transition = rng.dirichlet(np.ones(3), size=3)
    transition[0] = [1.0, 1e-90, 0.0]
    emissions = spread * rng.normal(size=(6, 3))
    log_likelihood, smoothed, expected = oracles.posterior_by_enumeration(emissions, np.full(3, 1 / 3), transition)
    posterior = inference.forward_backward(emissions, np.full(3, 1 / 3), transition)
    assert posterior.log_likelihood == pytest.approx(log_likelihood, rel=1e-10)
    np.testing.assert_allclose(posterior.smoothed_probs, smoothed, atol=1e-8)
    np.testing.assert_allclose(posterior.expected_transitions, expected, atol=1e-8)


def test_impossible_best_fit_does_not_break_the_recursion():
    """A month that only a forbidden regime explains: the likelihood is tiny, yet finite and exact."""
    transition = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.3, 0.3, 0.4]])
    initial = np.array([1.0, 0.0, 0.0])
    emissions = np.array([[0.0, 0, 0], [-5000.0, 0.0, 0.0], [0.0, -9000.0, 0.0], [-1.0, -1.0, -2000.0]])
    log_likelihood, smoothed, _ = oracles.posterior_by_enumeration(emissions, initial, transition)
    posterior = inference.forward_backward(emissions, initial, transition)
    assert posterior.log_likelihood == pytest.approx(log_likelihood, abs=1e-8)
    np.testing.assert_allclose(posterior.smoothed_probs, smoothed, atol=1e-12)
