"""Small dense algebra of the correlated emissions, one lane and one regime at a time.

The covariance of regime j in a lane is covariances[j*D*D : (j+1)*D*D, lane]; its mean is
means[d*K + j, lane].
"""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel

LOG_2PI = math.log(2.0 * math.pi)
TINY = 1e-12


@kernel
def factor(matrix: np.ndarray, n: int) -> float:
    """Overwrite the leading n x n lower triangle with its Cholesky factor L; returns log |L|."""
    log_root = 0.0
    for a in range(n):
        for b in range(a + 1):
            s = matrix[a, b]
            for c in range(b):
                s -= matrix[a, c] * matrix[b, c]
            matrix[a, b] = math.sqrt(max(s, TINY * TINY)) if a == b else s / matrix[b, b]
        log_root += math.log(matrix[a, a])
    return log_root


@kernel
def invert_factor(root: np.ndarray, n: int) -> None:
    """Overwrite a lower triangular factor with its inverse."""
    for a in range(n):
        root[a, a] = 1.0 / root[a, a]
        for b in range(a):
            s = 0.0
            for c in range(b, a):
                s -= root[a, c] * root[c, b]
            root[a, b] = s * root[a, a]


@kernel
def precision_of(covariances, j, lane, D, cells, n, root, precision):
    """Inverse of the covariance among cells[:n], n x n; returns log of the root's determinant."""
    for a in range(n):
        for b in range(a + 1):
            root[a, b] = covariances[(j * D + cells[a]) * D + cells[b], lane]
    log_root = factor(root, n)
    invert_factor(root, n)
    for a in range(n):
        for b in range(a + 1):
            s = 0.0
            for c in range(a, n):
                s += root[c, a] * root[c, b]
            precision[a, b] = s
            precision[b, a] = s
    return log_root


@kernel
def cells_where(pattern: np.ndarray, wanted: bool, cells: np.ndarray) -> int:
    """Columns that the pattern observes (or not), in order; returns their number."""
    n = 0
    for d in range(pattern.shape[0]):
        if pattern[d] == wanted:
            cells[n] = d
            n += 1
    return n


@kernel
def invert_covariances(tied, covariances, lane, precisions, log_roots):
    """Fill precisions (K*D*D, L) and log_roots (K, L), log of the root's determinant, of one lane's regimes."""
    K = log_roots.shape[0]
    D = int(math.sqrt(covariances.shape[0] // K))
    root, precision, every = np.empty((D, D)), np.empty((D, D)), np.arange(D)
    for j in range(K):
        if j == 0 or not tied:
            log_root = precision_of(covariances, j, lane, D, every, D, root, precision)
        log_roots[j, lane] = log_root
        for a in range(D):
            for b in range(D):
                precisions[(j * D + a) * D + b, lane] = precision[a, b]


@kernel
def pattern_density(pattern, means, covariances, precisions, log_roots, j, lane, weights):
    """Fill weights (F,) of the squared distance in the observed cells' features; returns -log |L|."""
    D, K = pattern.shape[0], log_roots.shape[0]
    cells, root, precision = np.empty(D, dtype=np.int64), np.empty((D, D)), np.empty((D, D))
    n = cells_where(pattern, True, cells)
    log_root = log_roots[j, lane]
    if n < D:
        log_root = precision_of(covariances, j, lane, D, cells, n, root, precision)
    else:
        for a in range(D):
            for b in range(D):
                precision[a, b] = precisions[(j * D + a) * D + b, lane]
    weights[:] = 0.0
    for a in range(n):
        linear = 0.0
        for b in range(n):
            linear += precision[a, b] * means[cells[b] * K + j, lane]
        weights[0] += linear * means[cells[a] * K + j, lane]
        weights[1 + cells[a]] = -2.0 * linear
        for b in range(a, n):
            twice = 1.0 if a == b else 2.0
            weights[feature_of(cells[a], cells[b], D)] = twice * precision[a, b]
    return -log_root


@kernel
def feature_of(a: int, b: int, D: int) -> int:
    """Position of x_a x_b, a <= b, among 1, x_1 .. x_D, x_1 x_1, x_1 x_2 .. x_D x_D."""
    return 1 + D + a * D - a * (a - 1) // 2 + b - a


@kernel
def update_emissions(patterns, first, tied, means, covariances, precisions, N, S, hyper, lane):
    """Means given covariances, then covariances given means, of one lane."""
    D, K = first.shape
    mass, deviation, scatter = np.zeros(K), np.zeros((K, D)), np.zeros((K, D, D))
    months = np.zeros(K)
    for j in range(K):
        for p in range(patterns.shape[0]):
            _complete(patterns, p, j, lane, means, covariances, N, S, K, mass, deviation, scatter)
            months[j] += N[p * K + j, lane]
    new = _new_means(first, means, precisions, mass, deviation, hyper, lane)
    _update_covariances(tied, means, new, covariances, months, mass, deviation, scatter, hyper, lane)
    for d in range(D):
        for j in range(K):
            means[d * K + j, lane] = new[d, j]


@kernel
def _complete(patterns, p, j, lane, means, covariances, N, S, K, mass, deviation, scatter):
    """Add one pattern's expected deviations from regime j's mean, missing cells filled in."""
    P, D = patterns.shape
    F = S.shape[0] // P
    column = j * N.shape[1] + lane
    w = S[p * F, column]
    cells, gaps = np.empty(D, dtype=np.int64), np.empty(D, dtype=np.int64)
    n, m = cells_where(patterns[p], True, cells), cells_where(patterns[p], False, gaps)
    center, linear, square = np.empty(n), np.empty(n), np.empty((n, n))
    for a in range(n):
        center[a] = means[cells[a] * K + j, lane]
        linear[a] = S[p * F + 1 + cells[a], column] - w * center[a]
    for a in range(n):
        for b in range(a, n):
            raw = S[p * F + feature_of(cells[a], cells[b], D), column]
            square[a, b] = raw - linear[a] * center[b] - center[a] * linear[b] - w * center[a] * center[b]
            square[b, a] = square[a, b]
    mass[j] += w
    for a in range(n):
        deviation[j, cells[a]] += linear[a]
        for b in range(n):
            scatter[j, cells[a], cells[b]] += square[a, b]
    if m == 0:
        return
    gain = np.zeros((m, n))
    root, precision = np.empty((D, D)), np.empty((D, D))
    precision_of(covariances, j, lane, D, cells, n, root, precision)
    for g in range(m):
        for a in range(n):
            for b in range(n):
                gain[g, a] += covariances[(j * D + gaps[g]) * D + cells[b], lane] * precision[b, a]
    for g in range(m):
        for a in range(n):
            deviation[j, gaps[g]] += gain[g, a] * linear[a]
    for g in range(m):
        carried = np.zeros(n)
        for a in range(n):
            for b in range(n):
                carried[a] += gain[g, b] * square[b, a]
            scatter[j, gaps[g], cells[a]] += carried[a]
            scatter[j, cells[a], gaps[g]] += carried[a]
        for h in range(m):
            left = covariances[(j * D + gaps[g]) * D + gaps[h], lane]
            filled = 0.0
            for a in range(n):
                left -= gain[g, a] * covariances[(j * D + cells[a]) * D + gaps[h], lane]
                filled += carried[a] * gain[h, a]
            scatter[j, gaps[g], gaps[h]] += filled + N[p * K + j, lane] * left


@kernel
def _new_means(first, means, precisions, mass, deviation, hyper, lane):
    """(D, K) means that maximise the expected objective given the covariances: one linear system."""
    D, K = first.shape
    slot, n = np.empty((D, K), dtype=np.int64), 0
    for j in range(K):
        for d in range(D):
            if first[d, j] == j:
                slot[d, j] = n
                n += 1
            else:
                slot[d, j] = slot[d, first[d, j]]
    system, right = np.zeros((n, n)), np.zeros(n)
    for j in range(K):
        for a in range(D):
            for b in range(D):
                precision = hyper[4] * precisions[(j * D + a) * D + b, lane]
                right[slot[a, j]] += precision * (mass[j] * means[b * K + j, lane] + deviation[j, b])
                system[slot[a, j], slot[b, j]] += precision * mass[j]
    for i in range(n):
        system[i, i] += max(hyper[1], TINY)
    solve(system, right, n)
    new = np.empty((D, K))
    for d in range(D):
        for j in range(K):
            new[d, j] = right[slot[d, j]]
    return new


@kernel
def solve(system: np.ndarray, right: np.ndarray, n: int) -> None:
    """Overwrite right with the solution of a symmetric positive definite system.

    Zeros before a row's first other entry stay zero in its Cholesky root and are skipped: means that no tie
    connects cost no more than a system each.
    """
    lead = np.zeros(n, dtype=np.int64)
    for a in range(n):
        while system[a, lead[a]] == 0.0 and lead[a] < a:
            lead[a] += 1
        for b in range(lead[a], a + 1):
            s = system[a, b]
            for c in range(max(lead[a], lead[b]), b):
                s -= system[a, c] * system[b, c]
            system[a, b] = math.sqrt(max(s, TINY * TINY)) if a == b else s / system[b, b]
        for b in range(lead[a], a):
            right[a] -= system[a, b] * right[b]
        right[a] /= system[a, a]
    for a in range(n - 1, -1, -1):
        right[a] /= system[a, a]
        for b in range(lead[a], a):
            right[b] -= system[a, b] * right[a]


@kernel
def _update_covariances(tied, means, new, covariances, months, mass, deviation, scatter, hyper, lane):
    """Scatter about the new means, with the prior's pseudo-observations."""
    D, K = new.shape
    for j in range(K):
        for a in range(D):
            shift_a = new[a, j] - means[a * K + j, lane]
            for b in range(D):
                shift_b = new[b, j] - means[b * K + j, lane]
                moved = mass[j] * shift_a * shift_b - deviation[j, a] * shift_b - shift_a * deviation[j, b]
                scatter[j, a, b] = hyper[4] * (scatter[j, a, b] + moved)
    if tied:
        for j in range(1, K):
            scatter[0] += scatter[j]
    for j in range(K):
        source = 0 if tied else j
        count = hyper[2] + hyper[4] * (months.sum() if tied else months[j])
        if count <= 0.0:
            continue
        for a in range(D):
            for b in range(D):
                total = scatter[source, a, b] + (hyper[2] * hyper[3] if a == b else 0.0)
                covariances[(j * D + a) * D + b, lane] = total / count
