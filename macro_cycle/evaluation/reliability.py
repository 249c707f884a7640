"""Whether probabilities mean what they say: the reliability curve, and what a score is made of.

Dimitriadis, Gneiting and Jordan (2021, PNAS 118:e2016191118): the curve is the isotonic regression of what happened on
the probability, which needs no choice of bins, and the mean score is miscalibration - discrimination + uncertainty.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macro_cycle.evaluation.metrics import brier


@dataclass(frozen=True)
class Reliability:
    """The curve, and the parts of the Brier score; brier = miscalibration - discrimination + uncertainty.

    curve: (probability given, share of recession months, months) by step, ascending; steps are as isotonic regression
    makes them. miscalibration: what recalibration would gain. discrimination: what the recalibrated probabilities gain
    over the base rate. uncertainty: the Brier score of the base rate.
    """

    curve: tuple[tuple[float, float, int], ...]
    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def reliability(probability: ArrayLike, happened: ArrayLike) -> Reliability:
    """Of probabilities (T,) of what happened (T,), T > 0; raises MacroCycleError for a missing probability."""
    p, y = np.asarray(probability, float), np.asarray(happened, float)
    score = brier(p, y)
    recalibrated = recalibration(p, y)
    base = float(y.mean())
    recalibrated_score, uncertainty = float(np.mean((recalibrated - y) ** 2)), base * (1 - base)
    return Reliability(
        tuple(_steps(p, recalibrated)),
        score,
        score - recalibrated_score,
        uncertainty - recalibrated_score,
        uncertainty,
    )


def recalibration(probability: NDArray[np.float64], happened: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) share of recessions that isotonic regression gives each probability; equal probabilities get the same."""
    from scipy.optimize import isotonic_regression

    _, place, months = np.unique(probability, return_inverse=True, return_counts=True)
    shares = np.bincount(place, weights=happened) / months
    return isotonic_regression(shares, weights=months).x[place]


def _steps(p: NDArray[np.float64], recalibrated: NDArray[np.float64]) -> list[tuple[float, float, int]]:
    return [
        (float(p[recalibrated == share].mean()), float(share), int((recalibrated == share).sum()))
        for share in np.unique(recalibrated)
    ]
