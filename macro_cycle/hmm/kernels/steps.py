"""Parts of the M-step and of the objective that every emission shares; one lane at a time."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.vector_math import digamma

DOF_RATE = 0.1
LOWEST_DOF, HIGHEST_DOF = 2.1, 200.0


@kernel
def record_objective(
    objective: np.ndarray,
    lengths: np.ndarray,
    tol: float,
    history: np.ndarray,
    n_iter: np.ndarray,
    active: np.ndarray,
    largest_fall: np.ndarray,
) -> int:
    """Book one E-step's objective (L,) of the active lanes, retire the finished ones, return how many go on."""
    running = 0
    for l in range(objective.shape[0]):
        if not active[l]:
            continue
        n = n_iter[l]
        history[n, l] = objective[l]
        n_iter[l] = n + 1
        active[l] = n + 1 < history.shape[0]
        if n > 0:
            gain = objective[l] - history[n - 1, l]
            largest_fall[l] = max(largest_fall[l], -gain)
            if not gain > tol * lengths[l]:
                active[l] = False
        if active[l]:
            running += 1
    return running


@kernel
def transition_log_prior(
    initial: np.ndarray, transition: np.ndarray, initial_count: float, counts: np.ndarray
) -> float:
    """Log density of the Dirichlet priors up to a constant; initial (K,), transition and counts (K, K)."""
    K = initial.shape[0]
    total = 0.0
    for i in range(K):
        if initial_count > 0.0:
            total += initial_count * math.log(initial[i])
        for j in range(K):
            if counts[i, j] > 0.0:
                total += counts[i, j] * math.log(transition[i, j])
    return total


@kernel
def update_transitions(
    first: np.ndarray,
    expected: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    initial_count: float,
    counts: np.ndarray,
) -> None:
    """pi and A in place from p(z_1 | y) (K,) and expected transitions (K, K)."""
    K = initial.shape[0]
    total = 0.0
    for j in range(K):
        initial[j] = first[j] + initial_count
        total += initial[j]
    for j in range(K):
        initial[j] /= total
    for i in range(K):
        total = 0.0
        for j in range(K):
            total += expected[i, j] + counts[i, j]
        if total > 0.0:
            for j in range(K):
                transition[i, j] = (expected[i, j] + counts[i, j]) / total


@kernel
def dof_log_prior(nu: float) -> float:
    """Gamma(2, rate 1/10) up to a constant."""
    return math.log(nu) - DOF_RATE * nu


@kernel
def newest_dof(nu: float, count: float, log_u: float) -> float:
    """The nu that maximises the expected complete-data objective of univariate t cells.

    count: expected number of cells; log_u: expected sum of log u - u at the current nu (Liu and Rubin, 1995, eq. 8).
    """
    shift = log_u + count * (digamma(0.5 * (nu + 1.0)) - math.log(0.5 * (nu + 1.0)))
    return dof_root(count, shift)


@kernel
def dof_root(count: float, shift: float) -> float:
    """Root in nu of count (log(nu/2) + 1 - digamma(nu/2)) / 2 + shift / 2 + 1/nu - rate, a decreasing function."""
    low, high = math.log(LOWEST_DOF), math.log(HIGHEST_DOF)
    for _ in range(50):
        middle = 0.5 * (low + high)
        nu = math.exp(middle)
        slope = 0.5 * (count * (math.log(0.5 * nu) + 1.0 - digamma(0.5 * nu)) + shift) + 1.0 / nu - DOF_RATE
        if slope > 0.0:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))
