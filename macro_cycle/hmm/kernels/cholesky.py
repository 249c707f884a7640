"""Cholesky roots of covariances among some of their cells, all lanes at a time.

Row (j*D + a)*D + b of covariances (J*D*D, L) holds cell a, b of the j-th covariance in each lane; work space has D
rows for each row of a matrix. No sum adds two products, for the reason given in `completion.py`.
"""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import largest, load, spread, square_root, store
from macro_cycle.hmm.kernels.vector_math import vlog

LEAST_PIVOT = 1e-12


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
def inverse_root(covariances, j, D, cells, n, root, lanes):
    """Lower triangle of L^-1 in root, where L L' is the covariance among cells[:n]; returns log |L|."""
    log_root = spread(0.0, lanes)
    for a in range(n):
        for b in range(a + 1):
            s = load(covariances, (j * D + cells[a]) * D + cells[b], lanes)
            for c in range(b):
                s -= load(root, a * D + c, lanes) * load(root, b * D + c, lanes)
            if a == b:
                s = square_root(largest(s, LEAST_PIVOT * LEAST_PIVOT))
                log_root += vlog(s)
                store(root, a * D + a, 1.0 / s)
            else:
                store(root, a * D + b, s * load(root, b * D + b, lanes))
    for a in range(n):
        for b in range(a):
            s = spread(0.0, lanes)
            for c in range(b, a):
                s -= load(root, a * D + c, lanes) * load(root, c * D + b, lanes)
            store(root, a * D + b, s * load(root, a * D + a, lanes))
    return log_root


@kernel
def precision_of(covariances, j, D, cells, n, root, precision, lanes):
    """Inverse of the covariance among cells[:n] in precision; returns log |L| of its Cholesky root L."""
    log_root = inverse_root(covariances, j, D, cells, n, root, lanes)
    for a in range(n):
        for b in range(a + 1):
            s = spread(0.0, lanes)
            for c in range(a, n):
                s += load(root, c * D + a, lanes) * load(root, c * D + b, lanes)
            store(precision, a * D + b, s)
            store(precision, b * D + a, s)
    return log_root
