"""Small dense algebra of the correlated emissions, all lanes of one regime at a time.

Rows, lanes being the last axis: covariance of regime j at (j*D + a)*D + b, mean at d*K + j; of pattern p the
months at p*K + j, feature f's weight or sum at (p*F + f)*K + j. Matrices of work space have D columns.

No sum adds two products: the compiler may fuse either into a multiply-add, and would not choose the same one for
every width, so that a lane's bits would depend on its company.
"""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.cholesky import LEAST_PIVOT, cells_where, precision_of
from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import below, largest, load, spread, square_root, store
from macro_cycle.hmm.kernels.steps import blend

LOG_2PI = math.log(2.0 * math.pi)


@kernel
def feature_of(a: int, b: int, D: int) -> int:
    """Position of x_a x_b, a <= b, among 1, x_1 .. x_D, x_1 x_1, x_1 x_2 .. x_D x_D."""
    return 1 + D + a * D - a * (a - 1) // 2 + b - a


@kernel
def invert_covariances(tied, covariances, precisions, log_roots, root, precision, lanes):
    """Fill precisions (K*D*D, L) and log_roots (K, L), log of the root's determinant, of all regimes."""
    K = log_roots.shape[0]
    D = int(math.sqrt(covariances.shape[0] // K))
    every = np.arange(D)
    for j in range(K):
        if j == 0 or not tied:
            log_root = precision_of(covariances, j, D, every, D, root, precision, lanes)
        store(log_roots, j, log_root)
        for cell in range(D * D):
            store(precisions, j * D * D + cell, load(precision, cell, lanes))


@kernel
def pattern_density(patterns, p, j, means, covariances, precisions, log_roots, weights, root, precision, lanes):
    """Fill the weights of the squared distance in the observed cells' features; returns -log |L|."""
    D, K = patterns.shape[1], log_roots.shape[0]
    F, cells = weights.shape[0] // (patterns.shape[0] * K), np.empty(D, dtype=np.int64)
    n = cells_where(patterns[p], True, cells)
    own, base, log_root = precisions, j * D * D, load(log_roots, j, lanes)
    if n < D:
        own, base = precision, 0
        log_root = precision_of(covariances, j, D, cells, n, root, precision, lanes)
    for f in range(F):
        store(weights, (p * F + f) * K + j, spread(0.0, lanes))
    level = spread(0.0, lanes)
    for a in range(n):
        linear = spread(0.0, lanes)
        for b in range(n):
            linear += load(own, base + a * D + b, lanes) * load(means, cells[b] * K + j, lanes)
        level += linear * load(means, cells[a] * K + j, lanes)
        store(weights, (p * F + 1 + cells[a]) * K + j, linear * -2.0)
        for b in range(a, n):
            twice = 1.0 if a == b else 2.0
            weight = load(own, base + a * D + b, lanes) * twice
            store(weights, (p * F + feature_of(cells[a], cells[b], D)) * K + j, weight)
    store(weights, p * F * K + j, level)
    return log_root * -1.0


@kernel
def update_emissions(patterns, first, tied, means, covariances, precisions, N, S, hyper, going, root, precision, lanes):
    """Means given covariances, then covariances given means, in the lanes that are going."""
    D, K = first.shape
    L = len(lanes)
    mass, months, deviation = np.zeros((K, L)), np.zeros((K, L)), np.zeros((K * D, L))
    scatter, new = np.zeros((K * D * D, L)), np.empty((D * K, L))
    for j in range(K):
        for p in range(patterns.shape[0]):
            _complete(
                patterns, p, j, means, covariances, precisions, N, S, mass, deviation, scatter, root, precision, lanes
            )
            store(months, j, load(months, j, lanes) + load(N, p * K + j, lanes))
    _new_means(first, means, precisions, mass, deviation, hyper, new, lanes)
    _update_covariances(tied, means, new, covariances, months, mass, deviation, scatter, hyper, going, lanes)
    for row in range(D * K):
        blend(means, row, load(new, row, lanes), going, lanes)


@kernel
def _complete(patterns, p, j, means, covariances, precisions, N, S, mass, deviation, scatter, root, precision, lanes):
    """Add one pattern's expected deviations from regime j's mean, missing cells filled in."""
    P, D = patterns.shape
    K = mass.shape[0]
    F, L = S.shape[0] // (P * K), len(lanes)
    cells, gaps = np.empty(D, dtype=np.int64), np.empty(D, dtype=np.int64)
    n, m = cells_where(patterns[p], True, cells), cells_where(patterns[p], False, gaps)
    linear, square = np.empty((D, L)), np.empty((D * D, L))
    w = load(S, p * F * K + j, lanes)
    store(mass, j, load(mass, j, lanes) + w)
    for a in range(n):
        e = load(S, (p * F + 1 + cells[a]) * K + j, lanes) - w * load(means, cells[a] * K + j, lanes)
        store(linear, a, e)
        row = j * D + cells[a]
        store(deviation, row, load(deviation, row, lanes) + e)
    for a in range(n):
        center_a = load(means, cells[a] * K + j, lanes)
        for b in range(a, n):
            center_b = load(means, cells[b] * K + j, lanes)
            raw = load(S, (p * F + feature_of(cells[a], cells[b], D)) * K + j, lanes)
            e = raw - load(linear, a, lanes) * center_b - center_a * (load(linear, b, lanes) + w * center_b)
            store(square, a * D + b, e)
            store(square, b * D + a, e)
            _add(scatter, (j * D + cells[a]) * D + cells[b], e, lanes)
            if a != b:
                _add(scatter, (j * D + cells[b]) * D + cells[a], e, lanes)
    if m == 0:
        return
    gain, carried = np.empty((D * D, L)), np.empty((D, L))
    precision_of(covariances, j, D, cells, n, root, precision, lanes)
    for g in range(m):
        for a in range(n):
            s = spread(0.0, lanes)
            for b in range(n):
                cross = load(covariances, (j * D + gaps[g]) * D + cells[b], lanes)
                s += cross * load(precision, b * D + a, lanes)
            store(gain, g * D + a, s)
            _add(deviation, j * D + gaps[g], s * load(linear, a, lanes), lanes)
    for g in range(m):
        for a in range(n):
            s = spread(0.0, lanes)
            for b in range(n):
                s += load(gain, g * D + b, lanes) * load(square, b * D + a, lanes)
            store(carried, a, s)
            _add(scatter, (j * D + gaps[g]) * D + cells[a], s, lanes)
            _add(scatter, (j * D + cells[a]) * D + gaps[g], s, lanes)
        for h in range(m):
            left, filled = load(covariances, (j * D + gaps[g]) * D + gaps[h], lanes), spread(0.0, lanes)
            for a in range(n):
                cross = load(covariances, (j * D + cells[a]) * D + gaps[h], lanes)
                left -= load(gain, g * D + a, lanes) * cross
                filled += load(carried, a, lanes) * load(gain, h * D + a, lanes)
            _add(scatter, (j * D + gaps[g]) * D + gaps[h], filled + load(N, p * K + j, lanes) * left, lanes)


@kernel
def _add(array, row, value, lanes):
    store(array, row, load(array, row, lanes) + value)


@kernel
def _new_means(first, means, precisions, mass, deviation, hyper, new, lanes):
    """Means (D*K, L) that maximise the expected objective given the covariances: one linear system."""
    D, K = first.shape
    slot, n = np.empty((D, K), dtype=np.int64), 0
    for j in range(K):
        for d in range(D):
            if first[d, j] == j:
                slot[d, j] = n
                n += 1
            else:
                slot[d, j] = slot[d, first[d, j]]
    lead = np.arange(n)
    for j in range(K):
        for a in range(D):
            for b in range(D):
                lead[slot[a, j]] = min(lead[slot[a, j]], slot[b, j])
    system, right = np.zeros((n * n, len(lanes))), np.zeros((n, len(lanes)))
    for j in range(K):
        w = load(mass, j, lanes)
        share = w * hyper[4]
        for b in range(D):
            target = (w * load(means, b * K + j, lanes) + load(deviation, j * D + b, lanes)) * hyper[4]
            for a in range(D):
                weight = load(precisions, (j * D + a) * D + b, lanes)
                _add(right, slot[a, j], weight * target, lanes)
                _add(system, slot[a, j] * n + slot[b, j], weight * share, lanes)
    for i in range(n):
        _add(system, i * n + i, spread(max(hyper[1], LEAST_PIVOT), lanes), lanes)
    solve(system, right, lead, lanes)
    for d in range(D):
        for j in range(K):
            store(new, d * K + j, load(right, slot[d, j], lanes))


@kernel
def solve(system, right, lead, lanes):
    """Overwrite right (n, L) with the solution of symmetric positive definite systems (n*n, L).

    What lies before column lead[a] of row a is zero, stays zero in the Cholesky root and is skipped: means that
    no tie connects cost no more than a system for each regime.
    """
    n = right.shape[0]
    for a in range(n):
        for b in range(lead[a], a + 1):
            s = load(system, a * n + b, lanes)
            for c in range(max(lead[a], lead[b]), b):
                s -= load(system, a * n + c, lanes) * load(system, b * n + c, lanes)
            if a == b:
                store(system, a * n + a, 1.0 / square_root(largest(s, LEAST_PIVOT * LEAST_PIVOT)))
            else:
                store(system, a * n + b, s * load(system, b * n + b, lanes))
        s = load(right, a, lanes)
        for b in range(lead[a], a):
            s -= load(system, a * n + b, lanes) * load(right, b, lanes)
        store(right, a, s * load(system, a * n + a, lanes))
    for a in range(n - 1, -1, -1):
        s = load(right, a, lanes) * load(system, a * n + a, lanes)
        store(right, a, s)
        for b in range(lead[a], a):
            store(right, b, load(right, b, lanes) - load(system, a * n + b, lanes) * s)


@kernel
def _update_covariances(tied, means, new, covariances, months, mass, deviation, scatter, hyper, going, lanes):
    """Scatter about the new means, with the prior's pseudo-observations."""
    K = mass.shape[0]
    D = new.shape[0] // K
    for j in range(K):
        w = load(mass, j, lanes)
        for a in range(D):
            shift_a = load(new, a * K + j, lanes) - load(means, a * K + j, lanes)
            for b in range(D):
                shift_b = load(new, b * K + j, lanes) - load(means, b * K + j, lanes)
                row = (j * D + a) * D + b
                total = load(scatter, row, lanes) + (w * shift_a - load(deviation, j * D + a, lanes)) * shift_b
                store(scatter, row, total - shift_a * load(deviation, j * D + b, lanes))
    if tied:
        for j in range(1, K):
            store(months, 0, load(months, 0, lanes) + load(months, j, lanes))
            for cell in range(D * D):
                _add(scatter, cell, load(scatter, j * D * D + cell, lanes), lanes)
    for j in range(K):
        source = 0 if tied else j
        count = load(months, source, lanes) * hyper[4] + hyper[2]
        known, share = below(0.0, count) * going, 1.0 / largest(count, LEAST_PIVOT * LEAST_PIVOT)
        for a in range(D):
            for b in range(D):
                total = load(scatter, (source * D + a) * D + b, lanes) * hyper[4]
                if a == b:
                    total += hyper[2] * hyper[3]
                blend(covariances, (j * D + a) * D + b, total * share, known, lanes)
