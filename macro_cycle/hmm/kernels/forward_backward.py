"""Exact inference for one model: scaled forward-backward and Viterbi (Rabiner, 1989)."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import inlined, kernel
from macro_cycle.hmm.kernels.simd import load, smallest, store
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
    T, K = log_emissions.shape
    for t in range(T):
        if t == 0:
            for j in range(K):
                predicted[0, j] = initial[j]
        else:
            ahead = load(transition, 0, regimes) * filtered[t - 1, 0]
            for i in range(1, K):
                ahead += load(transition, i, regimes) * filtered[t - 1, i]
            store(predicted, t, ahead)
        shift, total = _weigh(log_emissions, predicted, weights, filtered, t, t, regimes)
        scale = 1.0 / total
        store(filtered, t, load(filtered, t, regimes) * scale)
        scales[t] = scale
        log_likelihoods[t] = shift


@inlined
def _weigh(log_emissions, predicted, weights, joint, t, to, regimes):
    """Fill row `to` of weights, exp(log_emissions - shift), and of joint, predicted * weights.

    Returns the shift, which keeps one of them normal, and the sum of joint.
    """
    K, shift = predicted.shape[1], log_emissions[t, 0]
    for j in range(1, K):
        shift = max(shift, log_emissions[t, j])
    weight = vexp(load(log_emissions, t, regimes) - shift)
    store(weights, to, weight)
    store(joint, to, load(predicted, t, regimes) * weight)
    total = joint[to, 0]
    for j in range(1, K):
        total += joint[to, j]
    if total < TINY:
        return _weigh_possible(log_emissions[t], predicted[t], weights[to], joint[to])
    return shift, total


@kernel
def _weigh_possible(log_emissions, predicted, weights, joint):
    """Weights relative to the best joint probability, for when the best fitting regime can hardly occur."""
    K, shift, total = predicted.shape[0], -np.inf, 0.0
    for j in range(K):
        if predicted[j] > TINY:
            shift = max(shift, log_emissions[j] + math.log(predicted[j]))
    for j in range(K):
        weights[j] = math.exp(min(log_emissions[j] - shift, 660.0)) if predicted[j] > TINY else 0.0
        joint[j] = predicted[j] * weights[j]
        total += joint[j]
    return shift, total


@kernel
def mix(log_emissions: np.ndarray, predicted: np.ndarray, regimes: tuple[int, ...]) -> np.ndarray:
    """(T,) log sum_j predicted[t, j] exp(log_emissions[t, j])."""
    T, K = log_emissions.shape
    weights, joint, result = np.empty((1, K)), np.empty((1, K)), np.empty(T)
    for t in range(T):
        shift, total = _weigh(log_emissions, predicted, weights, joint, t, 0, regimes)
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
    beta, ahead, back = np.ones((1, K)), np.empty((1, K)), np.ascontiguousarray(transition.T)
    expected[:] = 0.0
    for t in range(T - 1, -1, -1):
        b = load(beta, 0, regimes)
        joint = load(filtered, t, regimes) * b
        store(smoothed, t, joint)
        total = smoothed[t, 0]
        for j in range(1, K):
            total += smoothed[t, j]
        store(smoothed, t, joint * (1.0 / total))
        if t > 0:
            coming = b * load(weights, t, regimes) * scales[t]
            store(ahead, 0, coming)
            b = load(back, 0, regimes) * ahead[0, 0]
            store(expected, 0, load(expected, 0, regimes) + coming * filtered[t - 1, 0])
            for j in range(1, K):
                b += load(back, j, regimes) * ahead[0, j]
                store(expected, j, load(expected, j, regimes) + coming * filtered[t - 1, j])
            store(beta, 0, smallest(b, LARGE))
    for i in range(K):
        store(expected, i, load(expected, i, regimes) * load(transition, i, regimes))


@kernel
def viterbi(log_emissions: np.ndarray, initial: np.ndarray, transition: np.ndarray, states: np.ndarray) -> float:
    """Fill states (T,) with the most probable path and return log p(path, y)."""
    T, K = log_emissions.shape
    came_from = np.empty((T, K), dtype=np.int8)
    log_transition = np.log(transition)
    best, new = np.empty(K), np.empty(K)
    for j in range(K):
        best[j] = math.log(initial[j]) + log_emissions[0, j]
    for t in range(1, T):
        for j in range(K):
            top, where = best[0] + log_transition[0, j], 0
            for i in range(1, K):
                candidate = best[i] + log_transition[i, j]
                if candidate > top:
                    top, where = candidate, i
            new[j] = top + log_emissions[t, j]
            came_from[t, j] = where
        best[:] = new
    last = 0
    for j in range(1, K):
        if best[j] > best[last]:
            last = j
    states[T - 1] = last
    for t in range(T - 1, 0, -1):
        states[t - 1] = came_from[t, states[t]]
    return best[last]
