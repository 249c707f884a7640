"""MAP-EM over lanes for `diag` and `tied_diag`: a cell is independent of others given the regime.

A missing cell is therefore just left out.

Axes: T months, D columns, K regimes, P patterns of missing cells, L lanes. A tied variance is repeated over
regimes. Student-t cells are scale mixtures: weights u = (nu + 1) / (nu + z^2) enter the statistics (Liu and
Rubin, 1995). `first[d, j]` is the first regime that shares regime j's mean of column d; `alike[d, j]` the first
that shares its variance too.
"""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.covariates import climb, slope_log_prior, sum_months, tilt
from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.lanes import forward_backward
from macro_cycle.hmm.kernels.simd import largest, load, spread, store
from macro_cycle.hmm.kernels.steps import (
    LEAST_DIVISOR,
    blend,
    dof_log_prior,
    dof_root,
    mean_log_mixing,
    record_objective,
    transition_log_prior,
    update_transitions,
)
from macro_cycle.hmm.kernels.vector_math import vlog

LOG_2PI = math.log(2.0 * math.pi)
LEAST_VARIANCE = 1e-12


@kernel
def em_diagonal(
    values: np.ndarray,
    patterns: np.ndarray,
    pattern_of: np.ndarray,
    first: np.ndarray,
    alike: np.ndarray,
    tied: bool,
    student: bool,
    free_dof: bool,
    initial: np.ndarray,
    transition: np.ndarray,
    means: np.ndarray,
    variances: np.ndarray,
    dof: np.ndarray,
    slopes: np.ndarray,
    covariates: np.ndarray,
    tilted: np.ndarray,
    counts: np.ndarray,
    hyper: tuple[float, float, float, float, float, float],
    least_gain: float,
    history: np.ndarray,
    n_iter: np.ndarray,
    active: np.ndarray,
    largest_fall: np.ndarray,
    stop_at: int,
    lanes: tuple[int, ...],
) -> None:
    """Run EM in place until at most `stop_at` lanes are active.

    values (T, D), zero where missing; patterns (P, D) bool; pattern_of (T,); first, alike (D, K); counts
    (K, K); initial (K, L); transition (K*K, L); means, variances (D*K, L); dof (D, L); the rest as in
    `record_objective`.
    slopes (K*K*C, L), covariates (T, C) and tilted (K, K) as in `covariates.tilt`; constant where C is 0.
    hyper: initial_count, mean_precision, variance_weight, variance_scale, discount, slope_precision.
    """
    T, K, discount = values.shape[0], initial.shape[0], hyper[4]
    B, filtered, scales = (
        np.empty((T * K, len(lanes))),
        np.empty((T * K, len(lanes))),
        np.empty((T, len(lanes))),
    )
    varying = covariates.shape[1] > 0
    chain = np.empty((T * K * K, len(lanes))) if varying else transition
    expected, objective, log_u = np.empty_like(chain), np.empty_like(active), np.zeros_like(dof)
    total = np.empty_like(transition) if varying else expected
    N, W, S1, S2 = (np.empty_like(means), np.empty_like(means), np.empty_like(means), np.empty_like(means))
    while True:
        if student:
            _student_emissions(values, patterns, pattern_of, alike, means, variances, dof, discount, B, lanes)
        else:
            _gaussian_emissions(values, patterns, pattern_of, means, variances, discount, B, lanes)
        if varying:
            tilt(transition, slopes, covariates, tilted, chain, lanes)
        forward_backward(B, filtered, scales, initial, chain, expected, objective, lanes)
        prior = transition_log_prior(initial, transition, hyper[0], counts, lanes)
        prior += _log_prior(first, tied, means, variances, hyper, lanes)
        if varying:
            prior += slope_log_prior(slopes, hyper[5], lanes)
        store(objective, 0, load(objective, 0, lanes) + prior)
        if free_dof:
            for lane in range(len(lanes)):
                for d in range(dof.shape[0]):
                    objective[0, lane] += dof_log_prior(dof[d, lane])
        running = record_objective(objective, least_gain, history, n_iter, active, largest_fall)
        if running == 0:
            return
        if student:
            _student_statistics(
                values,
                patterns,
                pattern_of,
                alike,
                means,
                variances,
                dof,
                B,
                N,
                W,
                S1,
                S2,
                log_u,
                free_dof,
                lanes,
            )
        else:
            _gaussian_statistics(values, patterns, pattern_of, tied, B, N, S1, S2, lanes)
            W[:] = N
        going = load(active, 0, lanes)
        if varying:
            sum_months(expected, total, lanes)
            climb(transition, slopes, covariates, tilted, chain, expected, counts, hyper[5], going, lanes)
        update_transitions(B, total, initial, transition, hyper[0], counts, tilted, going, lanes)
        _update_means(first, means, variances, W, S1, hyper, going, lanes)
        _update_variances(first, tied, means, variances, N, W, S1, S2, hyper, going, lanes)
        if free_dof:
            _update_dof(dof, N, log_u, discount, active)
        if running <= stop_at:
            return


@kernel
def _gaussian_emissions(values, patterns, pattern_of, means, variances, discount, B, lanes):
    """Discounted log densities (T*K, L) as constant + sum_d x (slope + x bend)."""
    T, D = values.shape
    P, K = patterns.shape[0], B.shape[0] // T
    slope, bend = np.empty((K * D, len(lanes))), np.empty((K * D, len(lanes)))
    constant = np.empty((P * K, len(lanes)))
    for j in range(K):
        for d in range(D):
            precision = discount / load(variances, d * K + j, lanes)
            store(slope, j * D + d, precision * load(means, d * K + j, lanes))
            store(bend, j * D + d, precision * -0.5)
        for p in range(P):
            total = spread(0.0, lanes)
            for d in range(D):
                if patterns[p, d]:
                    mean, variance = load(means, d * K + j, lanes), load(variances, d * K + j, lanes)
                    total -= 0.5 * (discount * (LOG_2PI + vlog(variance)) + load(slope, j * D + d, lanes) * mean)
            store(constant, p * K + j, total)
    for t in range(T):
        for j in range(K):
            total = load(constant, pattern_of[t] * K + j, lanes)
            for d in range(D):
                x = spread(values[t, d], lanes)
                total += x * (load(slope, j * D + d, lanes) + x * load(bend, j * D + d, lanes))
            store(B, t * K + j, total)


@kernel
def _gaussian_statistics(values, patterns, pattern_of, tied, gamma, N, S1, S2, lanes):
    """Expected counts, sums and sums of squares (D*K, L); tied, the squares are booked on the first regime."""
    T, D = values.shape
    P, K = patterns.shape[0], gamma.shape[0] // T
    months = np.zeros((P * K, len(lanes)))
    N[:] = 0.0
    S1[:] = 0.0
    S2[:] = 0.0
    for t in range(T):
        for j in range(K):
            share, row = load(gamma, t * K + j, lanes), pattern_of[t] * K + j
            store(months, row, load(months, row, lanes) + share)
            for d in range(D):
                weighted = share * values[t, d]
                store(S1, d * K + j, load(S1, d * K + j, lanes) + weighted)
                if not tied:
                    store(S2, d * K + j, load(S2, d * K + j, lanes) + weighted * values[t, d])
    for d in range(D):
        for p in range(P):
            if patterns[p, d]:
                for j in range(K):
                    store(N, d * K + j, load(N, d * K + j, lanes) + load(months, p * K + j, lanes))
        if tied:
            squares = 0.0
            for t in range(T):
                squares += values[t, d] * values[t, d]
            store(S2, d * K, spread(squares, lanes))


@kernel
def _student_emissions(values, patterns, pattern_of, alike, means, variances, dof, discount, B, lanes):
    """Discounted log densities (T*K, L); a cell's density is computed once for the regimes that share it."""
    T, D = values.shape
    K = alike.shape[1]
    constant, precision = np.empty_like(means), np.empty_like(means)
    cells = np.empty_like(means)
    for d in range(D):
        for j in range(K):
            for lane in range(len(lanes)):
                nu, variance = dof[d, lane], variances[d * K + j, lane]
                precision[d * K + j, lane] = 1.0 / (nu * variance)
                log_gammas = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu)
                constant[d * K + j, lane] = log_gammas - 0.5 * math.log(nu * math.pi * variance)
    for t in range(T):
        p = pattern_of[t]
        for d in range(D):
            if patterns[p, d]:
                power = (load(dof, d, lanes) + 1.0) * 0.5
                for j in range(K):
                    if alike[d, j] == j:
                        row = d * K + j
                        e = values[t, d] - load(means, row, lanes)
                        logarithm = vlog(e * e * load(precision, row, lanes) + 1.0)
                        store(cells, row, load(constant, row, lanes) - power * logarithm)
        for j in range(K):
            total = spread(0.0, lanes)
            for d in range(D):
                if patterns[p, d]:
                    total += load(cells, d * K + alike[d, j], lanes)
            store(B, t * K + j, total * discount)


@kernel
def _student_statistics(
    values, patterns, pattern_of, alike, means, variances, dof, gamma, N, W, S1, S2, log_u, free_dof, lanes
):
    """As the Gaussian ones but weighted by u; regimes with the same cell are booked on the first of them."""
    T, D = values.shape
    K = alike.shape[1]
    N[:] = 0.0
    W[:] = 0.0
    S1[:] = 0.0
    S2[:] = 0.0
    log_u[:] = 0.0
    for t in range(T):
        for d in range(D):
            if not patterns[pattern_of[t], d]:
                continue
            x, nu = values[t, d], load(dof, d, lanes)
            for j in range(K):
                if alike[d, j] != j:
                    continue
                share = load(gamma, t * K + j, lanes)
                for i in range(j + 1, K):
                    if alike[d, i] == j:
                        share += load(gamma, t * K + i, lanes)
                row = d * K + j
                e = x - load(means, row, lanes)
                u = (nu + 1.0) / (nu + e * e / load(variances, row, lanes))
                weighted = share * u
                store(N, row, load(N, row, lanes) + share)
                store(W, row, load(W, row, lanes) + weighted)
                store(S1, row, load(S1, row, lanes) + weighted * x)
                store(S2, row, load(S2, row, lanes) + weighted * x * x)
                if free_dof:
                    store(log_u, d, load(log_u, d, lanes) + share * (vlog(u) - u))


@kernel
def _update_means(first, means, variances, W, S1, hyper, going, lanes):
    """Each distinct mean given the current variances: precision-weighted, shrunk to zero by its prior."""
    D, K = first.shape
    for d in range(D):
        for j in range(K):
            if first[d, j] != j:
                continue
            weight, total = spread(hyper[1], lanes), spread(0.0, lanes)
            for i in range(j, K):
                if first[d, i] == j:
                    precision = hyper[4] / load(variances, d * K + i, lanes)
                    weight += precision * load(W, d * K + i, lanes)
                    total += precision * load(S1, d * K + i, lanes)
            mean = total / largest(weight, LEAST_DIVISOR)
            for i in range(j, K):
                if first[d, i] == j:
                    blend(means, d * K + i, mean, going, lanes)


@kernel
def _update_variances(first, tied, means, variances, N, W, S1, S2, hyper, going, lanes):
    """Weighted squares about the new means, with the prior's pseudo-observations."""
    D, K = first.shape
    for d in range(D):
        total, count = spread(hyper[2] * hyper[3], lanes), spread(hyper[2], lanes)
        for j in range(K):
            row = d * K + j
            mean = load(means, row, lanes)
            squares = load(S2, row, lanes) + mean * (mean * load(W, row, lanes) - 2.0 * load(S1, row, lanes))
            total += hyper[4] * squares
            count += hyper[4] * load(N, row, lanes)
            if not tied or j == K - 1:
                variance = largest(total / largest(count, LEAST_DIVISOR), LEAST_VARIANCE)
                for i in range(0 if tied else j, j + 1):
                    blend(variances, d * K + i, variance, going, lanes)
                total, count = spread(hyper[2] * hyper[3], lanes), spread(hyper[2], lanes)


@kernel
def _update_dof(dof, N, log_u, discount, active):
    D = dof.shape[0]
    K = N.shape[0] // D
    for lane in range(dof.shape[1]):
        if active[0, lane] == 0.0:
            continue
        for d in range(D):
            count = 0.0
            for j in range(K):
                count += discount * N[d * K + j, lane]
            shift = discount * log_u[d, lane] + count * mean_log_mixing(dof[d, lane], 1.0)
            dof[d, lane] = dof_root(count, shift)


@kernel
def _log_prior(first, tied, means, variances, hyper, lanes):
    """Log density of the priors of distinct means and variances, up to a constant."""
    D, K = first.shape
    total = spread(0.0, lanes)
    for d in range(D):
        for j in range(K):
            row = d * K + j
            if first[d, j] == j:
                total -= 0.5 * hyper[1] * load(means, row, lanes) * load(means, row, lanes)
            if j == 0 or not tied:
                variance = load(variances, row, lanes)
                total -= 0.5 * hyper[2] * (vlog(variance) + hyper[3] / variance)
    return total
