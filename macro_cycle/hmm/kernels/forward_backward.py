"""Exact inference for one model: scaled forward-backward, Viterbi, one filter step (Rabiner, 1989)."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel

TINY = 1e-250
LARGE = 1e290


@kernel
def weigh(log_emissions: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Fill weights with exp(log_emissions - shift); returns the shift, which keeps one of them normal."""
    K = predicted.shape[0]
    shift = log_emissions[0]
    for j in range(1, K):
        shift = max(shift, log_emissions[j])
    total = 0.0
    for j in range(K):
        weights[j] = math.exp(log_emissions[j] - shift)
        total += weights[j] * predicted[j]
    if total > TINY:
        return shift
    shift = -np.inf
    for j in range(K):
        if predicted[j] > TINY:
            shift = max(shift, log_emissions[j] + math.log(predicted[j]))
    for j in range(K):
        weights[j] = math.exp(min(log_emissions[j] - shift, 660.0)) if predicted[j] > TINY else 0.0
    return shift


@kernel
def filter_step(
    log_emissions: np.ndarray, predicted: np.ndarray, weights: np.ndarray, filtered: np.ndarray
) -> tuple[float, float]:
    """p(z_t | y_1:t) from p(z_t | y_1:t-1); returns log p(y_t | y_1:t-1) and the scale 1/c_t."""
    shift = weigh(log_emissions, predicted, weights)
    total = 0.0
    for j in range(predicted.shape[0]):
        filtered[j] = predicted[j] * weights[j]
        total += filtered[j]
    scale = 1.0 / total
    for j in range(predicted.shape[0]):
        filtered[j] *= scale
    return shift + math.log(total), scale


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
) -> None:
    """Predicted and filtered probabilities (T, K) of log_emissions (T, K)."""
    T, K = log_emissions.shape
    for t in range(T):
        for j in range(K):
            p = initial[j] if t == 0 else 0.0
            if t > 0:
                for i in range(K):
                    p += filtered[t - 1, i] * transition[i, j]
            predicted[t, j] = p
        log_likelihoods[t], scales[t] = filter_step(log_emissions[t], predicted[t], weights[t], filtered[t])


@kernel
def mix(log_emissions: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(T,) log sum_j predicted[t, j] exp(log_emissions[t, j])."""
    T, K = log_emissions.shape
    weights, result = np.empty(K), np.empty(T)
    for t in range(T):
        shift, total = weigh(log_emissions[t], predicted[t], weights), 0.0
        for j in range(K):
            total += predicted[t, j] * weights[j]
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
) -> None:
    """Smoothed probabilities (T, K) and expected transitions (K, K) after `forward`."""
    T, K = filtered.shape
    beta, ahead = np.ones(K), np.empty(K)
    expected[:] = 0.0
    for t in range(T - 1, -1, -1):
        total = 0.0
        for j in range(K):
            smoothed[t, j] = filtered[t, j] * beta[j]
            total += smoothed[t, j]
            ahead[j] = beta[j] * weights[t, j] * scales[t]
        for j in range(K):
            smoothed[t, j] /= total
        if t > 0:
            for i in range(K):
                b = 0.0
                for j in range(K):
                    step = transition[i, j] * ahead[j]
                    expected[i, j] += filtered[t - 1, i] * step
                    b += step
                beta[i] = min(b, LARGE)


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
