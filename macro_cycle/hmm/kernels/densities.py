"""log p(y_t | z_t = j) for one model, missing cells marginalised. values (T, D) zero where missing."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel

LOG_2PI = math.log(2.0 * math.pi)
LOG_PI = math.log(math.pi)


@kernel
def diagonal_log_densities(
    values: np.ndarray, observed: np.ndarray, means: np.ndarray, variances: np.ndarray, dof: np.ndarray
) -> np.ndarray:
    """(T, K) for independent cells; means, variances (K, D); dof (D,), empty when Gaussian."""
    T, D = values.shape
    K = means.shape[0]
    result = np.zeros((T, K))
    constant = np.empty((K, D))
    for j in range(K):
        for d in range(D):
            constant[j, d] = -0.5 * (LOG_2PI + math.log(variances[j, d]))
            if dof.shape[0]:
                constant[j, d] = _t_constant(dof[d], 1.0) - 0.5 * math.log(variances[j, d])
    for t in range(T):
        for d in range(D):
            if observed[t, d]:
                for j in range(K):
                    e = values[t, d] - means[j, d]
                    square = e * e / variances[j, d]
                    if dof.shape[0]:
                        result[t, j] += constant[j, d] - 0.5 * (dof[d] + 1.0) * math.log1p(square / dof[d])
                    else:
                        result[t, j] += constant[j, d] - 0.5 * square
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
    """(T, K) for correlated cells; patterns (P, D), pattern_of (T,); covariances (K, D, D)."""
    T, D = values.shape
    P, K = patterns.shape[0], means.shape[0]
    result = np.zeros((T, K))
    cells = np.empty(D, dtype=np.int64)
    inverse = np.empty((D, D))
    e = np.empty(D)
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
            constant = -0.5 * n * LOG_2PI - log_root
            if dof.shape[0]:
                constant = _t_constant(dof[0], float(n)) - log_root
            for t in range(T):
                if pattern_of[t] != p:
                    continue
                for a in range(n):
                    e[a] = values[t, cells[a]] - means[j, cells[a]]
                square = 0.0
                for a in range(n):
                    z = 0.0
                    for b in range(a + 1):
                        z += inverse[a, b] * e[b]
                    square += z * z
                if dof.shape[0]:
                    result[t, j] = constant - 0.5 * (dof[0] + n) * math.log1p(square / dof[0])
                else:
                    result[t, j] = constant - 0.5 * square
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
