"""One pass over a panel: what it holds, and its values in standardised units."""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel

MONTHS = 8  # taken together: the compiler uses vector registers for long rows only


@kernel
def survey(values: np.ndarray, limit: float) -> tuple[bool, bool]:
    """Whether no cell of values (T, D) is NaN, and whether none lies beyond +-limit."""
    numbers, missing, beyond = values.reshape(values.size), 0, 0
    for i in range(len(numbers)):
        missing += np.isnan(numbers[i])
        beyond += abs(numbers[i]) > limit
    return missing == 0, beyond == 0


@kernel
def standardize(values: np.ndarray, center: np.ndarray, scale: np.ndarray, limit: float) -> np.ndarray:
    """(values - center) / scale held within +-limit; values (T, D), NaN stays NaN; center, scale (D,)."""
    D = len(center)
    result, centers, precisions = np.empty_like(values), np.empty(MONTHS * D), np.empty(MONTHS * D)
    for d in range(D):
        precision = 1.0 / scale[d]
        for i in range(d, MONTHS * D, D):
            centers[i], precisions[i] = center[d], precision
    source, target = values.reshape(values.size), result.reshape(values.size)
    for start in range(0, len(source), MONTHS * D):
        rows, scaled = source[start : start + MONTHS * D], target[start : start + MONTHS * D]
        for i in range(len(rows)):
            z = (rows[i] - centers[i]) * precisions[i]
            z = limit if z > limit else z
            scaled[i] = -limit if z < -limit else z
    return result
