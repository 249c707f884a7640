"""Probit and logit with one regressor, by maximum likelihood. Not here: what is regressed on what."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from macro_cycle.errors import MacroCycleError

RIDGE = 1e-3


def probit(x: NDArray[np.float64], y: NDArray[np.bool_]) -> tuple[float, float]:
    """Constant and slope of P(y) = Phi(constant + slope x) (Estrella and Mishkin, 1998).

    A ridge of 0.001 keeps them finite where x separates y. Raises MacroCycleError without both kinds of months.
    """
    from scipy.special import log_ndtr

    return _estimated("probit", log_ndtr, x, y)


def logit(x: NDArray[np.float64], y: NDArray[np.bool_]) -> tuple[float, float]:
    """Constant and slope of P(y) = 1 / (1 + exp(-constant - slope x)); ridge and error as for `probit`."""
    from scipy.special import log_expit

    return _estimated("logit", log_expit, x, y)


def _estimated(
    name: str,
    log_probability: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    x: NDArray[np.float64],
    y: NDArray[np.bool_],
) -> tuple[float, float]:
    from scipy.optimize import minimize

    if y.all() or not y.any():
        raise MacroCycleError(f"a {name} needs settled months of both kinds: give a longer history")
    sign = np.where(y, 1.0, -1.0)

    def minus_log_likelihood(b: NDArray[np.float64]) -> float:
        return float(-log_probability(sign * (b[0] + b[1] * x)).sum() + 0.5 * RIDGE * (b @ b))

    constant, slope = minimize(minus_log_likelihood, np.zeros(2), method="BFGS").x
    return float(constant), float(slope)
