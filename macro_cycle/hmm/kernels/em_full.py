"""MAP-EM over lanes for `full` and `tied`: cells correlate given the regime, missing ones are integrated out.

Within a pattern of missing cells the log density is linear in the quadratic features 1, x_a, x_a x_b of the
observed cells, so densities and sufficient statistics are matrix products. What a pattern's missing cells
would have added is their conditional expectation given the observed ones (Little and Rubin, 2002, chapter
11), computed once per pattern.

Axes: T months, D columns, F = 1 + D + D (D + 1) / 2 features, K regimes, P patterns, L lanes. Months come
sorted by pattern: `order` (T,), pattern p holding order[bounds[p] : bounds[p + 1]]. A multivariate Student-t
gives each month the weight u = (nu + n) / (nu + z^2), n its observed cells.
"""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.completion import (
    LOG_2PI,
    invert_covariances,
    pattern_density,
    update_emissions,
)
from macro_cycle.hmm.kernels.covariates import climb, slope_log_prior, sum_months, tilt
from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.lanes import forward_backward
from macro_cycle.hmm.kernels.simd import largest, load, spread, store
from macro_cycle.hmm.kernels.steps import (
    dof_log_prior,
    dof_root,
    mean_log_mixing,
    record_objective,
    transition_log_prior,
    update_transitions,
)
from macro_cycle.hmm.kernels.vector_math import vlog


@kernel
def em_full(
    features: np.ndarray,
    patterns: np.ndarray,
    order: np.ndarray,
    bounds: np.ndarray,
    first: np.ndarray,
    tied: bool,
    student: bool,
    free_dof: bool,
    initial: np.ndarray,
    transition: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
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
    columns: tuple[int, ...],
    lanes: tuple[int, ...],
) -> None:
    """Run EM in place until at most `stop_at` lanes are active.

    features (T, F), zero where a factor is missing; patterns (P, D) bool; first (D, K) as in `em_diagonal`;
    means (D*K, L); covariances (K*D*D, L); dof (D, L), all rows equal; `columns` a tuple of K * L zeros;
    the rest as in `em_diagonal`.
    """
    T, F = features.shape
    P, D = patterns.shape
    K, L, discount = initial.shape[0], len(lanes), hyper[4]
    B, filtered, scales = np.empty((T * K, L)), np.empty((T * K, L)), np.empty((T, L))
    square, u = np.empty((T * K, L)), np.empty((T * K, L))
    varying = covariates.shape[1] > 0
    chain = np.empty((T * K * K, L)) if varying else transition
    expected, objective, log_u = np.empty_like(chain), np.empty_like(active), np.zeros((1, L))
    total = np.empty_like(transition) if varying else expected
    weights, constant = np.empty((P * F * K, L)), np.empty((P * K, L))
    N, S = np.empty((P * K, L)), np.empty((P * F * K, L))
    precisions, log_roots = np.empty_like(covariances), np.empty_like(initial)
    root, precision = np.empty((D * D, L)), np.empty((D * D, L))
    sizes = np.empty(P)
    for p in range(P):
        sizes[p] = patterns[p].sum()
    while True:
        invert_covariances(tied, covariances, precisions, log_roots, root, precision, lanes)
        for j in range(K):
            for p in range(P):
                height = pattern_density(
                    patterns, p, j, means, covariances, precisions, log_roots, weights, root, precision, lanes
                )
                store(constant, p * K + j, height)
        _squares(features, order, bounds, weights.reshape(P * F, K * L), square.reshape(T, K * L), columns)
        if student:
            _student_densities(order, bounds, sizes, constant, dof, discount, square, u, B, lanes)
        else:
            _gaussian_densities(order, bounds, sizes, constant, discount, square, B, lanes)
        if varying:
            tilt(transition, slopes, covariates, tilted, chain, lanes)
        forward_backward(B, filtered, scales, initial, chain, expected, objective, lanes)
        store(
            objective,
            0,
            load(objective, 0, lanes) + transition_log_prior(initial, transition, hyper[0], counts, lanes),
        )
        prior = _log_prior(first, tied, means, precisions, log_roots, hyper, lanes)
        if varying:
            prior += slope_log_prior(slopes, hyper[5], lanes)
        store(objective, 0, load(objective, 0, lanes) + prior)
        if free_dof:
            for lane in range(L):
                objective[0, lane] += dof_log_prior(dof[0, lane])
        running = record_objective(objective, least_gain, history, n_iter, active, largest_fall)
        if running == 0:
            return
        going = load(active, 0, lanes)
        if varying:
            sum_months(expected, total, lanes)
            climb(transition, slopes, covariates, tilted, chain, expected, counts, hyper[5], going, lanes)
        update_transitions(B, total, initial, transition, hyper[0], counts, tilted, going, lanes)
        _months(order, bounds, B, N, lanes)
        if student:
            _weigh(order, bounds, sizes, u, B, log_u, lanes)
        _statistics(features, order, bounds, B.reshape(T, K * L), S.reshape(P * F, K * L), columns)
        update_emissions(
            patterns, first, tied, means, covariances, precisions, N, S, hyper, going, root, precision, lanes
        )
        if free_dof:
            for lane in range(L):
                if active[0, lane] > 0.0:
                    _update_dof(dof, sizes, N, log_u, discount, lane)
        if running <= stop_at:
            return


@kernel
def _squares(features, order, bounds, weights, square, columns):
    """Squared Mahalanobis distances (T, K*L) = features times each pattern's weights, four months at a time."""
    F = features.shape[1]
    for p in range(bounds.shape[0] - 1):
        t, end = bounds[p], bounds[p + 1]
        while t < end:
            a, b, c, d = (
                order[t],
                order[min(t + 1, end - 1)],
                order[min(t + 2, end - 1)],
                order[min(t + 3, end - 1)],
            )
            weight = load(weights, p * F, columns)
            sum_a, sum_b, sum_c, sum_d = weight + 0.0, weight + 0.0, weight + 0.0, weight + 0.0
            for f in range(1, F):
                weight = load(weights, p * F + f, columns)
                sum_a += weight * features[a, f]
                sum_b += weight * features[b, f]
                sum_c += weight * features[c, f]
                sum_d += weight * features[d, f]
            store(square, a, sum_a)
            store(square, b, sum_b)
            store(square, c, sum_c)
            store(square, d, sum_d)
            t += 4


@kernel
def _statistics(features, order, bounds, gamma, S, columns):
    """Weighted sums of features (P*F, K*L), four months at a time."""
    F = features.shape[1]
    S[:] = 0.0
    for p in range(bounds.shape[0] - 1):
        t, end = bounds[p], bounds[p + 1]
        while t + 4 <= end:
            a, b, c, d = order[t], order[t + 1], order[t + 2], order[t + 3]
            share_a, share_b = load(gamma, a, columns), load(gamma, b, columns)
            share_c, share_d = load(gamma, c, columns), load(gamma, d, columns)
            for f in range(F):
                early = load(S, p * F + f, columns) + share_a * features[a, f] + share_b * features[b, f]
                store(S, p * F + f, early + share_c * features[c, f] + share_d * features[d, f])
            t += 4
        while t < end:
            share_a = load(gamma, order[t], columns)
            for f in range(F):
                store(S, p * F + f, load(S, p * F + f, columns) + share_a * features[order[t], f])
            t += 1


@kernel
def _gaussian_densities(order, bounds, sizes, constant, discount, square, B, lanes):
    K = constant.shape[0] // sizes.shape[0]
    for p in range(sizes.shape[0]):
        for j in range(K):
            level = load(constant, p * K + j, lanes) - 0.5 * LOG_2PI * sizes[p]
            for r in range(bounds[p], bounds[p + 1]):
                row = order[r] * K + j
                store(B, row, discount * (level - 0.5 * load(square, row, lanes)))


@kernel
def _student_densities(order, bounds, sizes, constant, dof, discount, square, u, B, lanes):
    K = constant.shape[0] // sizes.shape[0]
    level = np.empty((1, len(lanes)))
    nu = load(dof, 0, lanes)
    for p in range(sizes.shape[0]):
        n = sizes[p]
        for lane in range(len(lanes)):
            own = dof[0, lane]
            level[0, lane] = math.lgamma(0.5 * (own + n)) - math.lgamma(0.5 * own) - 0.5 * n * math.log(own * math.pi)
        for j in range(K):
            height = load(constant, p * K + j, lanes) + load(level, 0, lanes)
            for r in range(bounds[p], bounds[p + 1]):
                row = order[r] * K + j
                z = largest(load(square, row, lanes), 0.0)
                store(u, row, (nu + n) / (nu + z))
                store(B, row, discount * (height - 0.5 * (nu + n) * vlog(z / nu + 1.0)))


@kernel
def _months(order, bounds, gamma, N, lanes):
    """Expected months (P*K, L) of each pattern in each regime."""
    P = bounds.shape[0] - 1
    K = N.shape[0] // P
    for p in range(P):
        for j in range(K):
            total = spread(0.0, lanes)
            for r in range(bounds[p], bounds[p + 1]):
                total += load(gamma, order[r] * K + j, lanes)
            store(N, p * K + j, total)


@kernel
def _weigh(order, bounds, sizes, u, gamma, log_u, lanes):
    """Multiply gamma by u and sum log u - u over months with data."""
    P = bounds.shape[0] - 1
    K = gamma.shape[0] // order.shape[0]
    total = spread(0.0, lanes)
    for p in range(P):
        for r in range(bounds[p], bounds[p + 1]):
            for j in range(K):
                row = order[r] * K + j
                share, mixing = load(gamma, row, lanes), load(u, row, lanes)
                store(gamma, row, share * mixing)
                if sizes[p] > 0.0:
                    total += share * (vlog(mixing) - mixing)
    store(log_u, 0, total)


@kernel
def _update_dof(dof, sizes, N, log_u, discount, lane):
    K = N.shape[0] // sizes.shape[0]
    count, shift = 0.0, discount * log_u[0, lane]
    for p in range(sizes.shape[0]):
        if sizes[p] > 0.0:
            months = 0.0
            for j in range(K):
                months += discount * N[p * K + j, lane]
            count += months
            shift += months * mean_log_mixing(dof[0, lane], sizes[p])
    nu = dof_root(count, shift)
    for d in range(dof.shape[0]):
        dof[d, lane] = nu


@kernel
def _log_prior(first, tied, means, precisions, log_roots, hyper, lanes):
    """Log density of the priors of distinct means and covariances, up to a constant."""
    D, K = first.shape
    total = spread(0.0, lanes)
    for d in range(D):
        for j in range(K):
            if first[d, j] == j:
                total -= 0.5 * hyper[1] * load(means, d * K + j, lanes) * load(means, d * K + j, lanes)
    for j in range(1 if tied else K):
        height = load(log_roots, j, lanes) + load(log_roots, j, lanes)
        for d in range(D):
            height += hyper[3] * load(precisions, (j * D + d) * D + d, lanes)
        total -= 0.5 * hyper[2] * height
    return total
