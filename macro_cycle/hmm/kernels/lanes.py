"""Forward-backward over lanes: the E-step's core, shared by all emissions."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.vector_math import vexp

TINY = 1e-250
LARGE = 1e290


@kernel
def forward_backward(
    log_emissions: np.ndarray,
    filtered: np.ndarray,
    scales: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    lengths: np.ndarray,
    expected: np.ndarray,
    log_likelihood: np.ndarray,
    lanes: tuple[int, ...],
) -> None:
    """Turn log_emissions (T, K, L) into p(z_t | y_1:T) in place (zero after a lane's length).

    filtered (T, K, L) and scales (T, L) are work space; fills expected (K, K, L) and log_likelihood (L,).
    """
    T, K = log_emissions.shape[0], log_emissions.shape[1]
    _forward(log_emissions, filtered, scales, initial, transition, lengths, log_likelihood, lanes)
    expected[:] = 0.0
    beta, ahead = np.ones((K, len(lanes))), np.empty((K, len(lanes)))
    inside = np.empty(len(lanes))
    for t in range(T - 1, -1, -1):
        for l in range(len(lanes)):
            inside[l] = 1.0 if t < lengths[l] else 0.0
        for j in range(K):
            for l in range(len(lanes)):
                ahead[j, l] = beta[j, l] * log_emissions[t, j, l] * scales[t, l]
                log_emissions[t, j, l] = filtered[t, j, l] * beta[j, l] * inside[l]
        if t == 0:
            break
        for i in range(K):
            for l in range(len(lanes)):
                beta[i, l] = 1.0 - inside[l]
            for j in range(K):
                for l in range(len(lanes)):
                    step = transition[i, j, l] * ahead[j, l] * inside[l]
                    expected[i, j, l] += filtered[t - 1, i, l] * step
                    beta[i, l] += step
            for l in range(len(lanes)):
                beta[i, l] = min(beta[i, l], LARGE)


@kernel
def _forward(
    weights: np.ndarray,
    filtered: np.ndarray,
    scales: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    lengths: np.ndarray,
    log_likelihood: np.ndarray,
    lanes: tuple[int, ...],
) -> None:
    T, K = weights.shape[0], weights.shape[1]
    shift, total, product = np.empty(len(lanes)), np.empty(len(lanes)), np.ones(len(lanes))
    relative = np.empty((K, len(lanes)))
    log_likelihood[:] = 0.0
    for t in range(T):
        for l in range(len(lanes)):
            shift[l] = weights[t, 0, l]
            total[l] = 0.0
        for j in range(1, K):
            for l in range(len(lanes)):
                shift[l] = max(shift[l], weights[t, j, l])
        for j in range(K):
            for l in range(len(lanes)):
                filtered[t, j, l] = initial[j, l] if t == 0 else 0.0
            if t > 0:
                for i in range(K):
                    for l in range(len(lanes)):
                        filtered[t, j, l] += filtered[t - 1, i, l] * transition[i, j, l]
        for j in range(K):
            for l in range(len(lanes)):
                relative[j, l] = vexp(weights[t, j, l] - shift[l])
                total[l] += filtered[t, j, l] * relative[j, l]
        for l in range(len(lanes)):
            if total[l] < TINY:
                shift[l], total[l] = _weigh_possible(weights[t, :, l], filtered[t, :, l], relative[:, l])
        for l in range(len(lanes)):
            scales[t, l] = 1.0 / total[l]
        for j in range(K):
            for l in range(len(lanes)):
                filtered[t, j, l] *= relative[j, l] * scales[t, l]
                weights[t, j, l] = relative[j, l]
        for l in range(len(lanes)):
            if t < lengths[l]:
                log_likelihood[l] += shift[l]
                product[l] *= total[l]
                if product[l] < 1e-40 or product[l] > 1e40:
                    log_likelihood[l] += math.log(product[l])
                    product[l] = 1.0
    for l in range(len(lanes)):
        log_likelihood[l] += math.log(product[l])


@kernel
def _weigh_possible(
    log_emissions: np.ndarray, predicted: np.ndarray, relative: np.ndarray
) -> tuple[float, float]:
    """Weights when the regime that fits best cannot occur: relative to the best regime that can; returns shift and total."""
    K = predicted.shape[0]
    shift = -np.inf
    for j in range(K):
        if predicted[j] > TINY:
            shift = max(shift, log_emissions[j] + math.log(predicted[j]))
    total = 0.0
    for j in range(K):
        relative[j] = vexp(min(log_emissions[j] - shift, 660.0)) if predicted[j] > TINY else 0.0
        total += predicted[j] * relative[j]
    return shift, total
