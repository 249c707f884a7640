"""log p(y_t | z_t = j) for one model, missing cells marginalised. values (T, D) zero where missing."""

from __future__ import annotations

import math

import numpy as np

from macro_cycle.hmm.kernels.cholesky import cells_where, inverse_root
from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import load, spread, store, sum_of
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
    regimes: tuple[int, ...],
) -> np.ndarray:
    """(T, K) for correlated cells; patterns (P, D), pattern_of (T,); means (D, K); covariances (D*D, K).

    Months of one pattern are taken side by side, a vector at a time, as deviations from the regimes' average mean:
    whitened by the inverse root of each regime's covariance, they lie `offset` from its own.
    """
    T, D = values.shape
    K = len(regimes)
    result, level = np.zeros((T, K)), np.empty((1, K))
    center, root, offset = np.empty(D), np.empty((D * D, K)), np.empty((D, K))
    cells, months = np.empty(D, dtype=np.uint64), np.empty(len(MONTHS), dtype=np.uint64)  # no index is negative
    x, answer = np.zeros((D, len(MONTHS))), np.empty((K, len(MONTHS)))
    for d in range(D):
        center[d] = sum_of(load(means, d, regimes)) / K
    for p in range(patterns.shape[0]):
        n = cells_where(patterns[p], True, cells)
        if n == 0:
            continue
        log_root = inverse_root(covariances, 0, D, cells, n, root, regimes)
        store(level, 0, (_t_constant(dof[0], float(n)) if dof.shape[0] else -0.5 * n * LOG_2PI) - log_root)
        for a in range(n):
            away = spread(0.0, regimes)
            for b in range(a + 1):
                away -= (load(means, cells[b], regimes) - center[cells[b]]) * load(root, a * D + b, regimes)
            store(offset, a, away)
        t = 0
        while t < T:
            count = 0
            while t < T and count < len(MONTHS):
                if pattern_of[t] == p:
                    months[count] = t
                    count += 1
                t += 1
            for a in range(n):
                cell = cells[a]
                for lane in range(count):
                    x[a, lane] = values[months[lane], cell] - center[cell]
            for j in range(K):
                square = spread(0.0, MONTHS)
                for a in range(n):
                    z = spread(offset[a, j], MONTHS)
                    for b in range(a + 1):
                        z += load(x, b, MONTHS) * root[a * D + b, j]
                    square += z * z
                tail = square * -0.5
                if dof.shape[0]:
                    tail = vlog(square / dof[0] + 1.0) * (-0.5 * (dof[0] + n))
                store(answer, j, tail + level[0, j])
            for j in range(K):
                for lane in range(count):
                    result[months[lane], j] = answer[j, lane]
    return result


@kernel
def _t_constant(nu: float, n: float) -> float:
    """Normalising constant of an n-variate t with nu degrees of freedom, without the scale matrix."""
    return math.lgamma(0.5 * (nu + n)) - math.lgamma(0.5 * nu) - 0.5 * n * (math.log(nu) + LOG_PI)
