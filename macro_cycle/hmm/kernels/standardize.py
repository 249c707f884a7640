"""Panel units to standardised units in one pass."""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel


@kernel
def standardize(values: np.ndarray, center: np.ndarray, scale: np.ndarray, limit: float) -> np.ndarray:
    """(values - center) / scale held within +-limit; values (T, D), NaN stays NaN; center, scale (D,)."""
    T, D = values.shape
    result, precision = np.empty((T, D)), 1.0 / scale
    for t in range(T):
        for d in range(D):
            z = (values[t, d] - center[d]) * precision[d]
            z = limit if z > limit else z
            result[t, d] = -limit if z < -limit else z
    return result
