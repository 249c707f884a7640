"""Exact inference for one model: scaled forward-backward and Viterbi (Rabiner, 1989)."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import largest_of, largest_sum, load, product, smallest, spread, store, sum_of
from macro_cycle.hmm.kernels.vector_math import vexp

TINY = 1e-250
LARGE = 1e290


@kernel
def forward(
    log_emissions: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    predicted: np.ndarray,
    filtered: np.ndarray,
    weights: np.ndarray,
    scales: np.ndarray,
    log_likelihoods: np.ndarray,
    regimes: tuple[int, ...],
) -> None:
    """Predicted and filtered probabilities (T, K) of log_emissions (T, K); regimes is a tuple of K zeros.

    scales (T,) are 1 / c_t, and log_likelihoods (T,) log p(y_t | y_1:t-1) less log c_t, for the caller to add all
    at once. A vector holds all regimes of a month.
    """
    ahead = load(initial.reshape((1, len(regimes))), 0, regimes)
    for t in range(len(log_emissions)):
        log_emission = load(log_emissions, t, regimes)
        shift = largest_of(log_emission)
        weight = vexp(log_emission - shift)
        joint = ahead * weight
        total = sum_of(joint)
        store(predicted, t, ahead)
        store(weights, t, weight)
        if total < TINY:
            shift, total = _weigh_possible(log_emissions, predicted, t, weights, filtered, t)
            joint = load(filtered, t, regimes)
        scale = 1.0 / total
        ahead = product(joint, transition) * scale
        store(filtered, t, joint * scale)
        scales[t] = scale
        log_likelihoods[t] = shift


@kernel
def _weigh_possible(log_emissions, predicted, t, weights, joint, to):
    """Weights relative to the best joint probability, for when the best fitting regime can hardly occur.

    Fills row `to` of weights, exp(log_emissions - shift), and of joint, predicted * weights, from row t; returns
    the shift and the sum of joint.
    """
    K, shift, total = predicted.shape[1], -np.inf, 0.0
    for j in range(K):
        if predicted[t, j] > TINY:
            shift = max(shift, log_emissions[t, j] + math.log(predicted[t, j]))
    for j in range(K):
        possible = predicted[t, j] > TINY
        weights[to, j] = math.exp(min(log_emissions[t, j] - shift, 660.0)) if possible else 0.0
        joint[to, j] = predicted[t, j] * weights[to, j]
        total += joint[to, j]
    return shift, total


@kernel
def mix(log_emissions: np.ndarray, predicted: np.ndarray, regimes: tuple[int, ...]) -> np.ndarray:
    """(T,) log sum_j predicted[t, j] exp(log_emissions[t, j])."""
    T, K = log_emissions.shape
    weights, joint, result = np.empty((1, K)), np.empty((1, K)), np.empty(T)
    for t in range(T):
        log_emission = load(log_emissions, t, regimes)
        shift = largest_of(log_emission)
        total = sum_of(load(predicted, t, regimes) * vexp(log_emission - shift))
        if total < TINY:
            shift, total = _weigh_possible(log_emissions, predicted, t, weights, joint, 0)
        result[t] = shift + math.log(total)
    return result


@kernel
def backward(
    transition: np.ndarray,
    filtered: np.ndarray,
    weights: np.ndarray,
    scales: np.ndarray,
    smoothed: np.ndarray,
    expected: np.ndarray,
    regimes: tuple[int, ...],
) -> None:
    """Smoothed probabilities (T, K) and expected transitions (K, K) after `forward`."""
    T, K = filtered.shape
    back = np.ascontiguousarray(transition.T)
    expected[:] = 0.0
    beta = spread(1.0, regimes)
    for t in range(T - 1, -1, -1):
        joint = load(filtered, t, regimes) * beta
        store(smoothed, t, joint * (1.0 / sum_of(joint)))
        if t > 0:
            coming = beta * (load(weights, t, regimes) * scales[t])
            beta = smallest(product(coming, back), LARGE)
            for i in range(K):
                store(expected, i, load(expected, i, regimes) + coming * filtered[t - 1, i])
    for i in range(K):
        store(expected, i, load(expected, i, regimes) * load(transition, i, regimes))


@kernel
def viterbi(
    log_emissions: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    states: np.ndarray,
    regimes: tuple[int, ...],
) -> float:
    """Fill states (T,) with the most probable path and return log p(path, y)."""
    T, K = log_emissions.shape
    best, log_transition = np.empty((T, K)), np.log(transition)
    best[0] = np.log(initial) + log_emissions[0]
    ending = load(best, 0, regimes)
    for t in range(1, T):
        ending = largest_sum(ending, log_transition) + load(log_emissions, t, regimes)
        store(best, t, ending)
    states[T - 1] = np.argmax(best[T - 1])
    for t in range(T - 2, -1, -1):
        after, top = states[t + 1], -np.inf
        for i in range(K):
            candidate = best[t, i] + log_transition[i, after]
            if candidate > top:
                top, states[t] = candidate, i
    return best[T - 1, states[T - 1]]
