"""MAP-EM over lanes for `diag` and `tied_diag`: cells are independent given the regime, so a missing cell is just left out.

Axes: T months, D columns, K regimes, P patterns of missing cells, L lanes. Parameters of lane l: initial (K, L),
transition (K, K, L), means and variances (D, K, L), dof (D, L); a tied variance is repeated over regimes.
Student-t cells are scale mixtures: weights u = (nu + 1) / (nu + z^2) enter the sufficient statistics (Liu and Rubin, 1995).
"""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.lanes import forward_backward
from macro_cycle.hmm.kernels.steps import (
    dof_log_prior,
    newest_dof,
    record_objective,
    transition_log_prior,
    update_transitions,
)
from macro_cycle.hmm.kernels.vector_math import vlog

LOG_2PI = math.log(2.0 * math.pi)
TINY_VARIANCE = 1e-12


@kernel
def em_diagonal(
    values: np.ndarray,
    patterns: np.ndarray,
    pattern_of: np.ndarray,
    groups: np.ndarray,
    tied: bool,
    student: bool,
    free_dof: bool,
    lengths: np.ndarray,
    initial: np.ndarray,
    transition: np.ndarray,
    means: np.ndarray,
    variances: np.ndarray,
    dof: np.ndarray,
    transition_counts: np.ndarray,
    hyper: tuple[float, float, float, float, float],
    tol: float,
    history: np.ndarray,
    n_iter: np.ndarray,
    active: np.ndarray,
    largest_fall: np.ndarray,
    stop_at: int,
    lanes: tuple[int, ...],
) -> None:
    """Run EM in place until at most `stop_at` lanes are active; a lane leaves when it converges or fills history (I, L).

    values (T, D), zero where missing; patterns (P, D) float 0/1; pattern_of (T,); groups (D, K);
    hyper: initial_count, mean_precision, variance_weight, variance_scale, discount; n_iter and active (L,) in and out.
    """
    T, D = values.shape
    K = groups.shape[1]
    L = len(lanes)
    components = groups if tied else np.repeat(np.arange(K), D).reshape(K, D).T.copy()
    B, filtered, scales = np.empty((T, K, L)), np.empty((T, K, L)), np.empty((T, L))
    expected, log_likelihood = np.empty((K, K, L)), np.empty(L)
    N, W, S1, S2 = np.empty((D, K, L)), np.empty((D, K, L)), np.empty((D, K, L)), np.empty((D, K, L))
    log_u = np.empty((D, L))
    discount = hyper[4]
    while True:
        if student:
            _student_emissions(
                values, patterns, pattern_of, components, means, variances, dof, discount, B, lanes
            )
        else:
            _gaussian_emissions(values, patterns, pattern_of, means, variances, discount, B, lanes)
        forward_backward(B, filtered, scales, initial, transition, lengths, expected, log_likelihood, lanes)
        for l in range(L):
            log_likelihood[l] += transition_log_prior(
                initial[:, l], transition[:, :, l], hyper[0], transition_counts
            )
            log_likelihood[l] += _log_prior(groups, tied, means[:, :, l], variances[:, :, l], hyper)
            if free_dof:
                for d in range(D):
                    log_likelihood[l] += dof_log_prior(dof[d, l])
        running = record_objective(log_likelihood, lengths, tol, history, n_iter, active, largest_fall)
        if running == 0:
            return
        if student:
            _student_statistics(
                values, patterns, pattern_of, components, means, variances, dof, B, N, W, S1, S2, log_u, lanes
            )
        else:
            _gaussian_statistics(values, patterns, pattern_of, B, N, S1, S2, lanes)
            W[:] = N
        for l in range(L):
            if active[l]:
                update_transitions(
                    B[0, :, l],
                    expected[:, :, l],
                    initial[:, l],
                    transition[:, :, l],
                    hyper[0],
                    transition_counts,
                )
                _update_means(groups, means[:, :, l], variances[:, :, l], W[:, :, l], S1[:, :, l], hyper)
                _update_variances(
                    tied,
                    means[:, :, l],
                    variances[:, :, l],
                    N[:, :, l],
                    W[:, :, l],
                    S1[:, :, l],
                    S2[:, :, l],
                    hyper,
                )
                if free_dof:
                    for d in range(D):
                        dof[d, l] = newest_dof(dof[d, l], discount * N[d, :, l].sum(), discount * log_u[d, l])
        if running <= stop_at:
            return


@kernel
def _gaussian_emissions(values, patterns, pattern_of, means, variances, discount, B, lanes):  # type: ignore[no-untyped-def]
    T, D = values.shape
    P, K = patterns.shape[0], means.shape[1]
    constant = np.empty((P, K, len(lanes)))
    slope, bend = np.empty((D, K, len(lanes))), np.empty((D, K, len(lanes)))
    level = np.empty((D, K, len(lanes)))
    for d in range(D):
        for j in range(K):
            for l in range(len(lanes)):
                precision = discount / variances[d, j, l]
                slope[d, j, l] = precision * means[d, j, l]
                bend[d, j, l] = -0.5 * precision
                level[d, j, l] = -0.5 * (
                    discount * (LOG_2PI + math.log(variances[d, j, l])) + slope[d, j, l] * means[d, j, l]
                )
    for p in range(P):
        constant[p] = 0.0
        for d in range(D):
            if patterns[p, d] > 0.0:
                constant[p] += level[d]
    for t in range(T):
        p = pattern_of[t]
        for j in range(K):
            for l in range(len(lanes)):
                B[t, j, l] = constant[p, j, l]
        for d in range(D):
            x = values[t, d]
            for j in range(K):
                for l in range(len(lanes)):
                    B[t, j, l] += x * (slope[d, j, l] + x * bend[d, j, l])


@kernel
def _gaussian_statistics(values, patterns, pattern_of, gamma, N, S1, S2, lanes):  # type: ignore[no-untyped-def]
    T, D = values.shape
    P, K = patterns.shape[0], gamma.shape[1]
    by_pattern = np.zeros((P, K, len(lanes)))
    N[:] = 0.0
    S1[:] = 0.0
    S2[:] = 0.0
    for t in range(T):
        p = pattern_of[t]
        for j in range(K):
            for l in range(len(lanes)):
                by_pattern[p, j, l] += gamma[t, j, l]
        for d in range(D):
            x = values[t, d]
            for j in range(K):
                for l in range(len(lanes)):
                    weighted = gamma[t, j, l] * x
                    S1[d, j, l] += weighted
                    S2[d, j, l] += weighted * x
    for p in range(P):
        for d in range(D):
            if patterns[p, d] > 0.0:
                N[d] += by_pattern[p]


@kernel
def _student_emissions(values, patterns, pattern_of, components, means, variances, dof, discount, B, lanes):  # type: ignore[no-untyped-def]
    T, D = values.shape
    K = components.shape[1]
    constant, precision = np.empty((D, K, len(lanes))), np.empty((D, K, len(lanes)))
    power = np.empty((D, len(lanes)))
    cell = np.empty((K, len(lanes)))
    for d in range(D):
        for l in range(len(lanes)):
            nu = dof[d, l]
            power[d, l] = -0.5 * discount * (nu + 1.0)
            for j in range(K):
                precision[d, j, l] = 1.0 / (nu * variances[d, j, l])
                constant[d, j, l] = discount * (
                    math.lgamma(0.5 * (nu + 1.0))
                    - math.lgamma(0.5 * nu)
                    - 0.5 * math.log(nu * math.pi * variances[d, j, l])
                )
    for t in range(T):
        B[t] = 0.0
        for d in range(D):
            if patterns[pattern_of[t], d] > 0.0:
                for j in range(K):
                    c = components[d, j]
                    if c == j or not _seen(components, d, j):
                        for l in range(len(lanes)):
                            e = values[t, d] - means[d, j, l]
                            cell[c, l] = constant[d, j, l] + power[d, l] * vlog(
                                1.0 + e * e * precision[d, j, l]
                            )
                    for l in range(len(lanes)):
                        B[t, j, l] += cell[c, l]


@kernel
def _seen(components, d, j):  # type: ignore[no-untyped-def]
    """Whether an earlier regime has regime j's component."""
    for i in range(j):  # noqa: SIM110 - numba compiles this loop, not any()
        if components[d, i] == components[d, j]:
            return True
    return False


@kernel
def _student_statistics(
    values, patterns, pattern_of, components, means, variances, dof, gamma, N, W, S1, S2, log_u, lanes
):  # type: ignore[no-untyped-def]
    """Statistics of regimes that share a component are booked on the first of them."""
    T, D = values.shape
    K = components.shape[1]
    share = np.empty(len(lanes))
    for a in (N, W, S1, S2):
        a[:] = 0.0
    log_u[:] = 0.0
    for t in range(T):
        for d in range(D):
            if patterns[pattern_of[t], d] > 0.0:
                x = values[t, d]
                for j in range(K):
                    if _seen(components, d, j):
                        continue
                    for l in range(len(lanes)):
                        share[l] = gamma[t, j, l]
                    for i in range(j + 1, K):
                        if components[d, i] == components[d, j]:
                            for l in range(len(lanes)):
                                share[l] += gamma[t, i, l]
                    for l in range(len(lanes)):
                        nu = dof[d, l]
                        e = x - means[d, j, l]
                        u = (nu + 1.0) / (nu + e * e / variances[d, j, l])
                        weighted = share[l] * u
                        N[d, j, l] += share[l]
                        W[d, j, l] += weighted
                        S1[d, j, l] += weighted * x
                        S2[d, j, l] += weighted * x * x
                        log_u[d, l] += share[l] * (vlog(u) - u)


@kernel
def _update_means(groups, means, variances, W, S1, hyper):  # type: ignore[no-untyped-def]
    """The mean of each group, given the current variances."""
    D, K = groups.shape
    for d in range(D):
        for j in range(K):
            if _seen(groups, d, j):
                continue
            weight, total = hyper[1], 0.0
            for i in range(K):
                if groups[d, i] == groups[d, j]:
                    precision = hyper[4] / variances[d, i]
                    weight += precision * W[d, i]
                    total += precision * S1[d, i]
            if weight > 0.0:
                for i in range(K):
                    if groups[d, i] == groups[d, j]:
                        means[d, i] = total / weight


@kernel
def _update_variances(tied, means, variances, N, W, S1, S2, hyper):  # type: ignore[no-untyped-def]
    D, K = means.shape
    for d in range(D):
        total, count = hyper[2] * hyper[3], hyper[2]
        for j in range(K):
            squares = S2[d, j] - 2.0 * means[d, j] * S1[d, j] + means[d, j] * means[d, j] * W[d, j]
            if tied:
                total += hyper[4] * squares
                count += hyper[4] * N[d, j]
            else:
                own = hyper[2] + hyper[4] * N[d, j]
                if own > 0.0:
                    variances[d, j] = max((hyper[2] * hyper[3] + hyper[4] * squares) / own, TINY_VARIANCE)
        if tied and count > 0.0:
            for j in range(K):
                variances[d, j] = max(total / count, TINY_VARIANCE)


@kernel
def _log_prior(groups, tied, means, variances, hyper):  # type: ignore[no-untyped-def]
    D, K = groups.shape
    total = 0.0
    for d in range(D):
        for j in range(K):
            if not _seen(groups, d, j):
                total -= 0.5 * hyper[1] * means[d, j] ** 2
            if j == 0 or not tied:
                total -= 0.5 * hyper[2] * (math.log(variances[d, j]) + hyper[3] / variances[d, j])
    return total
