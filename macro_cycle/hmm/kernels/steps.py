"""Parts of the M-step and of the objective that every emission shares."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import below, largest, load, spread, store
from macro_cycle.hmm.kernels.vector_math import digamma, vlog

DOF_RATE = 0.1
LOWEST_DOF, HIGHEST_DOF = 2.1, 200.0
LEAST_DIVISOR = 1e-300


@kernel
def record_objective(
    objective: np.ndarray,
    least_gain: float,
    history: np.ndarray,
    n_iter: np.ndarray,
    active: np.ndarray,
    largest_fall: np.ndarray,
) -> int:
    """Book one E-step's objective (1, L), retire the lanes that finished and return how many go on.

    history (I, L); n_iter, active (1.0 or 0.0) and largest_fall (1, L). A lane is finished when its
    objective rose by less than least_gain or its history is full.
    """
    running = 0
    for lane in range(objective.shape[1]):
        if active[0, lane] == 0.0:
            continue
        n = int(n_iter[0, lane])
        history[n, lane] = objective[0, lane]
        n_iter[0, lane] = n + 1
        goes_on = n + 1 < history.shape[0]
        if n > 0:
            gain = objective[0, lane] - history[n - 1, lane]
            largest_fall[0, lane] = max(largest_fall[0, lane], -gain)
            goes_on = goes_on and gain > least_gain
        active[0, lane] = 1.0 if goes_on else 0.0
        running += goes_on
    return running


@kernel
def blend(array, row, new, active, lanes):
    """Write a row of an array in the active lanes only."""
    store(array, row, new * active + load(array, row, lanes) * (1.0 - active))


@kernel
def transition_log_prior(initial, transition, initial_count, counts, lanes):
    """Log density (a vector) of the Dirichlet priors up to a constant; counts (K, K) pseudo-counts."""
    K = initial.shape[0]
    total = spread(0.0, lanes)
    for i in range(K):
        if initial_count > 0.0:
            total += initial_count * vlog(load(initial, i, lanes))
        for j in range(K):
            if counts[i, j] > 0.0:
                total += counts[i, j] * vlog(load(transition, i * K + j, lanes))
    return total


@kernel
def update_transitions(smoothed, expected, initial, transition, initial_count, counts, tilted, active, lanes):
    """pi and A from p(z_1 | y), the first K rows of smoothed, and the expected transitions (K*K, L).

    Rows of A with a True in tilted (K, K) depend on covariates and are left to `covariates.climb`.
    """
    K = initial.shape[0]
    total = spread(0.0, lanes)
    for j in range(K):
        total += load(smoothed, j, lanes) + initial_count
    for j in range(K):
        blend(initial, j, (load(smoothed, j, lanes) + initial_count) / total, active, lanes)
    for i in range(K):
        if tilted[i].any():
            continue
        total = spread(0.0, lanes)
        for j in range(K):
            total += load(expected, i * K + j, lanes) + counts[i, j]
        visited = below(LEAST_DIVISOR, total) * active
        total = largest(total, LEAST_DIVISOR)
        for j in range(K):
            new = (load(expected, i * K + j, lanes) + counts[i, j]) / total
            blend(transition, i * K + j, new, visited, lanes)


@kernel
def dof_log_prior(nu: float) -> float:
    """Gamma(2, rate 1/10) up to a constant."""
    return math.log(nu) - DOF_RATE * nu


@kernel
def dof_root(count: float, log_u: float) -> float:
    """The nu that maximises its expected complete-data log posterior (Liu and Rubin, 1995).

    count: expected number of t draws; log_u: expected sum of E[log u] - u of their mixing weights. The
    derivative count (log(nu/2) + 1 - digamma(nu/2)) / 2 + log_u / 2 + 1/nu - rate falls in nu, so its root
    is found by bisection.
    """
    low, high = math.log(LOWEST_DOF), math.log(HIGHEST_DOF)
    for _ in range(50):
        middle = 0.5 * (low + high)
        nu = math.exp(middle)
        slope = 0.5 * (count * (math.log(0.5 * nu) + 1.0 - digamma(0.5 * nu)) + log_u) + 1.0 / nu - DOF_RATE
        if slope > 0.0:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))


@kernel
def mean_log_mixing(nu: float, n: float) -> float:
    """E[log u] - log(E u) of a t's mixing weight given n observed cells."""
    return digamma(0.5 * (nu + n)) - math.log(0.5 * (nu + n))
