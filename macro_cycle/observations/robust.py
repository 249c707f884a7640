"""The robust scale of a column, and where its outliers are held: shared by features and model."""

import numpy as np
from numpy.typing import NDArray

NORMAL_IQR = 1.3489795003921634
"""Interquartile range of the standard normal."""

WINSOR = 4.0
"""Robust deviations at which a value is held."""


def robust_scale(column: NDArray[np.float64]) -> tuple[float, float]:
    """Median and interquartile range in standard deviations of a normal; (NaN, NaN) for an empty column."""
    if not np.isfinite(column).any():
        return np.nan, np.nan
    low, middle, high = np.nanquantile(column, [0.25, 0.5, 0.75])
    return float(middle), float(high - low) / NORMAL_IQR
