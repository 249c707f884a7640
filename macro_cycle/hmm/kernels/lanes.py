"""Forward-backward over lanes: the heart of the E-step, the same for all emissions (Rabiner, 1989)."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import any_below, largest, load, smallest, spread, store
from macro_cycle.hmm.kernels.vector_math import vexp, vlog

LEAST_OF_FOUR = 1e-70  # four such numbers may be multiplied
LARGE = 1e290
STEPS_PER_LOG = 4


@kernel
def forward_backward(
    log_emissions: np.ndarray,
    filtered: np.ndarray,
    scales: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    expected: np.ndarray,
    log_likelihood: np.ndarray,
    lanes: tuple[int, ...],
) -> None:
    """Turn log_emissions (T*K, L) into p(z_t | y_1:T); fill expected, log_likelihood (1, L).

    initial (K, L) and transition are the chain, filtered (T*K, L) and scales (T, L) work space. A constant transition
    matrix is (K*K, L), and expected, of the same shape, sums over months; one that varies is (T*K*K, L), block t the
    step into month t (block 0 is not read), and expected holds each month's own.
    """
    _forward(log_emissions, filtered, scales, initial, transition, log_likelihood, lanes)
    _backward(log_emissions, filtered, scales, transition, expected, lanes)


@kernel
def _forward(weights, filtered, scales, initial, transition, log_likelihood, lanes):
    """weights: log emissions in; out, emissions relative to the month's largest."""
    K, T = initial.shape[0], scales.shape[0]
    block = 0 if len(transition) == K * K else K * K
    relative = np.empty_like(initial)
    total_memory, shift_memory = np.empty_like(log_likelihood), np.empty_like(log_likelihood)
    log_sum, product = spread(0.0, lanes), spread(1.0, lanes)
    for t in range(T):
        now, before, step = t * K, (t - 1) * K, t * block
        shift = load(weights, now, lanes)
        for j in range(1, K):
            shift = largest(shift, load(weights, now + j, lanes))
        total = spread(0.0, lanes)
        for j in range(K):
            if t == 0:
                predicted = load(initial, j, lanes)
            else:
                predicted = load(filtered, before, lanes) * load(transition, step + j, lanes)
                for i in range(1, K):
                    predicted += load(filtered, before + i, lanes) * load(transition, step + i * K + j, lanes)
            weight = vexp(load(weights, now + j, lanes) - shift)
            store(filtered, now + j, predicted)
            store(relative, j, weight)
            total += predicted * weight
        if any_below(total, LEAST_OF_FOUR):
            store(shift_memory, 0, shift)
            store(total_memory, 0, total)
            for lane in range(len(lanes)):
                if total_memory[0, lane] < LEAST_OF_FOUR:
                    _weigh_possible(weights, filtered, relative, shift_memory, total_memory, now, lane)
            shift, total = load(shift_memory, 0, lanes), load(total_memory, 0, lanes)
        scale = 1.0 / total
        store(scales, t, scale)
        for j in range(K):
            weight = load(relative, j, lanes)
            store(weights, now + j, weight)
            store(filtered, now + j, load(filtered, now + j, lanes) * weight * scale)
        log_sum += shift
        product *= total
        if t % STEPS_PER_LOG == STEPS_PER_LOG - 1:
            log_sum += vlog(product)
            product = spread(1.0, lanes)
    store(log_likelihood, 0, log_sum + vlog(product))


@kernel
def _weigh_possible(weights, predicted, relative, shift, total, now, lane):
    """Weights relative to the best joint probability, for when the best fitting regime can hardly occur."""
    K = relative.shape[0]
    top = -np.inf
    for j in range(K):
        if predicted[now + j, lane] > 1e-290:
            top = max(top, weights[now + j, lane] + math.log(predicted[now + j, lane]))
    total[0, lane] = 0.0
    for j in range(K):
        relative[j, lane] = 0.0
        if predicted[now + j, lane] > 1e-290:
            relative[j, lane] = math.exp(min(weights[now + j, lane] - top, 690.0))
        total[0, lane] += predicted[now + j, lane] * relative[j, lane]
    shift[0, lane] = top


@kernel
def _backward(weights, filtered, scales, transition, expected, lanes):
    """weights: relative emissions in; out, smoothed probabilities."""
    T = scales.shape[0]
    K = filtered.shape[0] // T
    block = 0 if len(transition) == K * K else K * K
    beta, ahead = np.ones((K, len(lanes))), np.empty((K, len(lanes)))
    expected[:] = 0.0
    for t in range(T - 1, -1, -1):
        now, before, base = t * K, (t - 1) * K, t * block
        scale = load(scales, t, lanes)
        for j in range(K):
            b = load(beta, j, lanes)
            store(ahead, j, b * load(weights, now + j, lanes) * scale)
            store(weights, now + j, load(filtered, now + j, lanes) * b)
        if t == 0:
            return
        for i in range(K):
            source, b = load(filtered, before + i, lanes), spread(0.0, lanes)
            for j in range(K):
                step = load(transition, base + i * K + j, lanes) * load(ahead, j, lanes)
                store(expected, base + i * K + j, load(expected, base + i * K + j, lanes) + source * step)
                b += step
            store(beta, i, smallest(b, LARGE))
