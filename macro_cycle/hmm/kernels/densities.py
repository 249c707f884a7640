"""log p(y_t | z_t = j) for one model, missing cells marginalised. values (T, D) zero where missing."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import load, spread, store
from macro_cycle.hmm.kernels.vector_math import vlog

LOG_2PI = math.log(2.0 * math.pi)
LOG_PI = math.log(math.pi)


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
    regimes: tuple[int, ...],
) -> np.ndarray:
    """(T, K) for correlated cells; patterns (P, D), pattern_of (T,); means (D, K); covariances (K, D, D)."""
    T, D = values.shape
    P, K = patterns.shape[0], means.shape[1]
    result, cells, inverse = np.zeros((T, K)), np.empty(D, dtype=np.int64), np.empty((D, D))
    roots, constant, e = np.empty((D * D, K)), np.empty((1, K)), np.empty((D, K))
    for p in range(P):
        n = 0
        for d in range(D):
            if patterns[p, d]:
                cells[n] = d
                n += 1
        if n == 0:
            continue
        for j in range(K):
            log_root = inverse_cholesky(covariances[j], cells, n, inverse)
            constant[0, j] = -0.5 * n * LOG_2PI - log_root
            if dof.shape[0]:
                constant[0, j] = _t_constant(dof[0], float(n)) - log_root
            for a in range(n):
                for b in range(a + 1):
                    roots[a * D + b, j] = inverse[a, b]
        for t in range(T):
            if pattern_of[t] != p:
                continue
            for a in range(n):
                store(e, a, values[t, cells[a]] - load(means, cells[a], regimes))
            square = spread(0.0, regimes)
            for a in range(n):
                z = load(roots, a * D, regimes) * load(e, 0, regimes)
                for b in range(1, a + 1):
                    z += load(roots, a * D + b, regimes) * load(e, b, regimes)
                square += z * z
            tail = square * -0.5
            if dof.shape[0]:
                tail = vlog(square / dof[0] + 1.0) * (-0.5 * (dof[0] + n))
            store(result, t, load(constant, 0, regimes) + tail)
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
