"""log p(y_t | z_t = j) for one model, missing cells marginalised. values (T, D) zero where missing."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import load, spread, store
from macro_cycle.hmm.kernels.vector_math import vlog

LOG_2PI = math.log(2.0 * math.pi)
LOG_PI = math.log(math.pi)
MONTHS = (0,) * 32  # side by side in vector registers


@kernel
def diagonal_log_densities(
    values: np.ndarray,
    observed: np.ndarray,
    means: np.ndarray,
    variances: np.ndarray,
    dof: np.ndarray,
    regimes: tuple[int, ...],
) -> np.ndarray:
    """(T, K) for independent cells; means, variances (D, K); dof (D,), empty when Gaussian; K zeros in regimes."""
    T, D = values.shape
    K = means.shape[1]
    result, constant, precision = np.empty((T, K)), np.empty((D, K)), np.empty((D, K))
    student = dof.shape[0] > 0
    for d in range(D):
        for j in range(K):
            constant[d, j] = -0.5 * (LOG_2PI + math.log(variances[d, j]))
            precision[d, j] = -0.5 / variances[d, j]
            if student:
                constant[d, j] = _t_constant(dof[d], 1.0) - 0.5 * math.log(variances[d, j])
                precision[d, j] = 1.0 / (variances[d, j] * dof[d])
    for t in range(T):
        total = spread(0.0, regimes)
        for d in range(D):
            if observed[t, d]:
                e = values[t, d] - load(means, d, regimes)
                square = e * e * load(precision, d, regimes)
                if student:
                    square = vlog(square + 1.0) * (-0.5 * (dof[d] + 1.0))
                total += load(constant, d, regimes) + square
        store(result, t, total)
    return result


@kernel
def full_log_densities(
    values: np.ndarray,
    patterns: np.ndarray,
    pattern_of: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    dof: np.ndarray,
) -> np.ndarray:
    """(T, K) for correlated cells; patterns (P, D), pattern_of (T,); means (K, D); covariances (K, D, D).

    Months of one pattern are taken side by side, a vector at a time.
    """
    T, D = values.shape
    P, K = patterns.shape[0], means.shape[0]
    result, constant, roots = np.zeros((T, K)), np.empty(K), np.empty((K, D, D))
    cells, chosen = np.empty(D, dtype=np.uint64), np.empty(len(MONTHS), dtype=np.uint64)  # no index is negative
    x, e, answer = np.zeros((D, len(MONTHS))), np.empty((D, len(MONTHS))), np.empty((K, len(MONTHS)))
    for p in range(P):
        n = 0
        for d in range(D):
            if patterns[p, d]:
                cells[n] = d
                n += 1
        if n == 0:
            continue
        for j in range(K):
            constant[j] = _t_constant(dof[0], float(n)) if dof.shape[0] else -0.5 * n * LOG_2PI
            constant[j] -= inverse_cholesky(covariances[j], cells, n, roots[j])
        t = 0
        while t < T:
            count = 0
            while t < T and count < len(MONTHS):
                if pattern_of[t] == p:
                    chosen[count] = t
                    count += 1
                t += 1
            for lane in range(count):
                for a in range(n):
                    x[a, lane] = values[chosen[lane], cells[a]]
            for j in range(K):
                for a in range(n):
                    store(e, a, load(x, a, MONTHS) - means[j, cells[a]])
                square = spread(0.0, MONTHS)
                for a in range(n):
                    z = load(e, 0, MONTHS) * roots[j, a, 0]
                    for b in range(1, a + 1):
                        z += load(e, b, MONTHS) * roots[j, a, b]
                    square += z * z
                tail = square * -0.5
                if dof.shape[0]:
                    tail = vlog(square / dof[0] + 1.0) * (-0.5 * (dof[0] + n))
                store(answer, j, tail + constant[j])
            for lane in range(count):
                for j in range(K):
                    result[chosen[lane], j] = answer[j, lane]
    return result


@kernel
def inverse_cholesky(covariance: np.ndarray, cells: np.ndarray, n: int, inverse: np.ndarray) -> float:
    """Lower triangle of L^-1 in inverse[:n, :n], where L L' = covariance[cells[:n], cells[:n]]; returns log
    |L|.
    """
    log_root = 0.0
    root = np.empty((n, n))
    for a in range(n):
        for b in range(a + 1):
            s = covariance[cells[a], cells[b]]
            for c in range(b):
                s -= root[a, c] * root[b, c]
            root[a, b] = math.sqrt(max(s, 1e-300)) if a == b else s / root[b, b]
        log_root += math.log(root[a, a])
    for a in range(n):
        inverse[a, a] = 1.0 / root[a, a]
        for b in range(a):
            s = 0.0
            for c in range(b, a):
                s -= root[a, c] * inverse[c, b]
            inverse[a, b] = s * inverse[a, a]
    return log_root


@kernel
def _t_constant(nu: float, n: float) -> float:
    """Normalising constant of an n-variate t with nu degrees of freedom, without the scale matrix."""
    return math.lgamma(0.5 * (nu + n)) - math.lgamma(0.5 * nu) - 0.5 * n * (math.log(nu) + LOG_PI)
