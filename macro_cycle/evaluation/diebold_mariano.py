"""Whether one forecaster lost less than another, or was luckier: the test of Diebold and Mariano.

Diebold and Mariano (1995, JBES 13:253), with the correction for small samples of Harvey, Leybourne and Newbold (1997,
IJF 13:281). The variance is that of Newey and West (1987, Econometrica 55:703), with as many lags as Lazarus, Lewis,
Stock and Watson (2018, JBES 36:541) advise: errors about a turn last for months, however short the horizon.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macro_cycle.errors import MacroCycleError

FEWEST_MONTHS = 24


@dataclass(frozen=True)
class Comparison:
    """Mean loss difference (negative: the first lost less), its standard error, the statistic, two-sided p-value.

    months: compared. lags: of the variance.
    """

    months: int
    difference: float
    standard_error: float
    statistic: float
    p_value: float
    lags: int


def diebold_mariano(
    loss: ArrayLike, rival_loss: ArrayLike, horizon: int = 1, lags: int | None = None
) -> Comparison | None:
    """The test on losses (T,) of the same months; None where they are too few or never differ.

    horizon: months ahead of which the forecasts speak; 1 for an answer about the newest month.

    Raises:
        MacroCycleError: the losses are not of the same months.
    """
    from scipy.stats import t as student

    first, second = np.asarray(loss, float), np.asarray(rival_loss, float)
    if first.shape != second.shape or first.ndim != 1:
        raise MacroCycleError(f"losses must be of the same months; got {first.shape} and {second.shape}")
    difference, months = first - second, len(first)
    if months < FEWEST_MONTHS or np.ptp(difference) == 0:
        return None
    lags = advised_lags(months) if lags is None else lags
    error = sqrt(long_run_variance(difference, lags) / months)
    correction = sqrt((months + 1 - 2 * horizon + horizon * (horizon - 1) / months) / months)
    statistic = correction * float(difference.mean()) / error
    p_value = 2 * float(student.sf(abs(statistic), months - 1))
    return Comparison(months, float(difference.mean()), error, statistic, p_value, lags)


def advised_lags(months: int) -> int:
    """1.3 times the root of the number of months."""
    return min(ceil(1.3 * sqrt(months)), months - 1)


def long_run_variance(values: NDArray[np.float64], lags: int) -> float:
    """Newey and West's: autocovariances up to `lags` with Bartlett's weights, which keep it positive."""
    centered, length = values - values.mean(), len(values)
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)
    covariances = np.array([centered[lag:] @ centered[: length - lag] for lag in range(lags + 1)]) / length
    return float(covariances[0] + 2 * weights @ covariances[1:])
