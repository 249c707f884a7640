"""Exact inference for one model: scaled forward-backward and Viterbi (Rabiner, 1989).

A chain's transition is one matrix (K, K), or (T, K, K), of which the t-th leads into month t and the first is not read.
"""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import largest_of, largest_sum, load, product, smallest, spread, store, sum_of
from macro_cycle.hmm.kernels.vector_math import exp_all, log_all

POSSIBLE = 1e-280  # a regime that is less probable cannot be
LEAST_OF_TWO = 1e-140  # two such numbers may be multiplied
LARGE = 1e290


@kernel
def filter_forward(
    log_emissions: np.ndarray, initial: np.ndarray, transition: np.ndarray, regimes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Filtered and predicted probabilities (T, K), log p(y_t | y_1:t-1) (T,); regimes is a tuple of K zeros."""
    filtered, predicted, _, _, log_likelihoods = _forward(log_emissions, initial, transition, regimes)
    return filtered, predicted, log_likelihoods


@kernel
def forward_backward(
    log_emissions: np.ndarray, initial: np.ndarray, transition: np.ndarray, regimes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What `filter_forward` answers, smoothed probabilities (T, K) and expected transitions (K, K)."""
    filtered, predicted, weights, scales, log_likelihoods = _forward(log_emissions, initial, transition, regimes)
    smoothed, expected = _backward(transition, filtered, weights, scales, regimes)
    return filtered, predicted, log_likelihoods, smoothed, expected


@kernel
def into(transition, t):
    """The matrix of the step into month t."""
    if transition.ndim == 2:
        return transition
    return transition[t]


@kernel
def mix(log_emissions: np.ndarray, predicted: np.ndarray, regimes: tuple[int, ...]) -> np.ndarray:
    """(T,) log sum_j predicted[t, j] exp(log_emissions[t, j])."""
    weights, shifts = _relative(log_emissions, regimes)
    joint, totals = np.empty_like(weights), np.empty_like(shifts)
    for t in range(len(weights)):
        totals[t] = sum_of(load(predicted, t, regimes) * load(weights, t, regimes))
        if totals[t] < LEAST_OF_TWO:
            shifts[t], totals[t] = _weigh_possible(log_emissions, predicted, t, weights, joint)
    log_all(totals)
    return shifts + totals


@kernel
def _relative(log_emissions, regimes):
    """Emissions relative to the best of their month (T, K), and the logarithms of those (T,)."""
    weights, shifts = np.empty_like(log_emissions), np.empty(len(log_emissions))
    for t in range(len(log_emissions)):
        log_emission = load(log_emissions, t, regimes)
        shifts[t] = largest_of(log_emission)
        store(weights, t, log_emission - shifts[t])
    exp_all(weights)
    return weights, shifts


@kernel
def _weigh_possible(log_emissions, predicted, t, weights, joint):
    """Weights relative to the best joint probability, for when the best fitting regime can hardly occur.

    Fills row t of weights, exp(log_emissions - shift), and of joint, predicted * weights; returns the shift and the
    sum of joint.
    """
    K, shift, total = predicted.shape[1], -np.inf, 0.0
    for j in range(K):
        if predicted[t, j] > POSSIBLE:
            shift = max(shift, log_emissions[t, j] + math.log(predicted[t, j]))
    for j in range(K):
        possible = predicted[t, j] > POSSIBLE
        weights[t, j] = math.exp(min(log_emissions[t, j] - shift, 660.0)) if possible else 0.0
        joint[t, j] = predicted[t, j] * weights[t, j]
        total += joint[t, j]
    return shift, total


@kernel
def _forward(log_emissions, initial, transition, regimes):
    """Filtered, predicted, relative emissions (T, K), scales 1 / c_t (T,), log p(y_t | y_1:t-1) (T,).

    A vector holds all regimes of a month. What a month hands on is normalised by the month before, `ahead` being
    off by its own 1 / scale, so that the next month need not wait for this one's sum and division.
    """
    weights, log_likelihoods = _relative(log_emissions, regimes)
    filtered, predicted, scales = np.empty_like(weights), np.empty_like(weights), np.empty_like(log_likelihoods)
    ahead, scale = load(initial.reshape((1, len(regimes))), 0, regimes), 1.0
    for t in range(len(weights)):
        joint = ahead * load(weights, t, regimes)
        total = sum_of(joint) * scale
        store(predicted, t, ahead * scale)
        if total < LEAST_OF_TWO:
            log_likelihoods[t], total = _weigh_possible(log_emissions, predicted, t, weights, filtered)
            joint, scale = load(filtered, t, regimes), 1.0
        ahead = product(joint, into(transition, min(t + 1, len(weights) - 1))) * scale
        scales[t] = 1.0 / total
        store(filtered, t, joint * (scale * scales[t]))
        scale = scales[t]
    log_scales = scales.copy()
    log_all(log_scales)
    log_likelihoods -= log_scales
    return filtered, predicted, weights, scales, log_likelihoods


@kernel
def _backward(transition, filtered, weights, scales, regimes):
    """Smoothed probabilities (T, K) and expected transitions (K, K), of all months, after `_forward`."""
    T, K = filtered.shape
    smoothed, expected = np.empty_like(filtered), np.zeros((K, K))
    back = _transposed(transition)
    beta = spread(1.0, regimes)
    for t in range(T - 1, -1, -1):
        joint = load(filtered, t, regimes) * beta
        store(smoothed, t, joint * (1.0 / sum_of(joint)))
        if t > 0:
            coming = beta * (load(weights, t, regimes) * scales[t])
            beta = smallest(product(coming, into(back, t)), LARGE)
            _count(expected, coming, filtered[t - 1], transition, t, regimes)
    if transition.ndim == 2:
        return smoothed, expected * transition
    return smoothed, expected


@kernel
def _count(expected, coming, before, transition, t, regimes):
    """Add the step into month t; a constant matrix multiplies the sum once, at the end."""
    for i in range(len(before)):
        step = coming * before[i]
        if transition.ndim == 3:
            step = step * load(transition[t], i, regimes)
        store(expected, i, load(expected, i, regimes) + step)


@kernel
def viterbi(
    log_emissions: np.ndarray, initial: np.ndarray, transition: np.ndarray, regimes: tuple[int, ...]
) -> tuple[np.ndarray, float]:
    """The most probable path (T,) and log p(path, y).

    The best ways from the first month and to the last meet in the middle: two chains, neither waits for the other.
    """
    T, K = log_emissions.shape
    middle, states, best = T // 2, np.empty(T, dtype=np.int64), np.empty((T, K))
    onward = np.log(transition)
    back = _transposed(onward)
    best[0] = np.log(initial) + log_emissions[0]
    early, late = load(best, 0, regimes), spread(0.0, regimes)
    for step in range(1, middle + 1):
        early = largest_sum(early, into(onward, step)) + load(log_emissions, step, regimes)
        store(best, step, early)
        if T - step > middle:
            late += load(log_emissions, T - step, regimes)
            store(best, T - step, late)
            late = largest_sum(late, into(back, T - step))
    store(best, middle, early + late)
    states[middle] = np.argmax(best[middle])
    _trace(best, back, states, middle, -1)
    _trace(best, onward, states, middle, 1)
    return states, best[middle, states[middle]]


@kernel
def _trace(best, steps, states, middle, direction):
    """Fill states from the middle's to one end; steps[i, j] is what j costs in the month after one in i."""
    for t in range(middle + direction, len(best) if direction > 0 else -1, direction):
        state, top = states[t - direction], -np.inf
        for j in range(best.shape[1]):
            candidate = best[t, j] + _cost(steps, max(t, t - direction), state, j)
            if candidate > top:
                top, states[t] = candidate, j


@kernel
def _cost(steps, t, i, j):
    if steps.ndim == 2:
        return steps[i, j]
    return steps[t, i, j]


@kernel
def _transposed(transition):
    """A contiguous copy, each matrix transposed; for a few numbers quicker than numpy's."""
    result, K = np.empty_like(transition), transition.shape[-1]
    for t in range(1 if transition.ndim == 2 else len(transition)):
        matrix, turned = into(transition, t), into(result, t)
        for i in range(K):
            for j in range(K):
                turned[j, i] = matrix[i, j]
    return result
