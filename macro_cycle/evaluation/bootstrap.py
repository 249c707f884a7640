"""Bands for figures of months that depend on each other: the stationary bootstrap.

Politis and Romano (1994, JASA 89:1303): a resample is made of blocks that begin anywhere and have geometric lengths,
taken round in a circle, so that it is stationary and every month is as likely to be in it as any other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from macro_cycle.errors import MacroCycleError

BLOCK = 24
"""Mean length of a block in months: a recession with the turns on its sides."""
DRAWS = 500
LEVEL = 0.9
SEED = 19_940_101
FEWEST_DEFINED = 0.8

Statistic = Callable[[NDArray[np.float64], NDArray[np.bool_]], float]


@dataclass(frozen=True)
class Band:
    """A figure and the ends of its percentile interval; None where too few resamples define it."""

    value: float | None
    low: float | None
    high: float | None


def stationary_indices(length: int, draws: int, block: float, generator: np.random.Generator) -> NDArray[np.int64]:
    """(draws, length) rows of the sample that each resample takes, in order.

    Raises:
        MacroCycleError: the mean length of a block is below one.
    """
    if block < 1:
        raise MacroCycleError(f"blocks of {block:g} months are none: give a mean length of at least 1")
    begins = generator.random((draws, length)) < 1.0 / block
    begins[:, 0] = True
    starts = generator.integers(length, size=(draws, length))
    at = np.where(begins, np.arange(length), 0)
    first = np.maximum.accumulate(at, axis=1)
    return (np.take_along_axis(starts, first, axis=1) + np.arange(length) - first) % length


def band(
    statistic: Statistic,
    probability: NDArray[np.float64],
    happened: NDArray[np.bool_],
    *,
    block: float = BLOCK,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Band:
    """The statistic of the months (T,), and its percentile band; the draws are seeded, so it is the same every time.

    Resamples in which the statistic is not defined, such as an AUROC without a recession, are left out; where they are
    more than a fifth, there is no band.
    """
    value = statistic(probability, happened) if len(probability) else float("nan")
    if not np.isfinite(value):
        return Band(None, None, None)
    rows = stationary_indices(len(probability), draws, block, np.random.default_rng(SEED))
    found = np.array([statistic(probability[row], happened[row]) for row in rows])
    found = found[np.isfinite(found)]
    if len(found) < FEWEST_DEFINED * draws:
        return Band(value, None, None)
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Band(value, float(low), float(high))


def mean_band(values: NDArray[np.float64], *, draws: int = DRAWS, level: float = LEVEL) -> Band:
    """The mean of independent values (T,), such as days over recessions, and its percentile band."""
    if len(values) < 2:
        return Band(float(values[0]) if len(values) else None, None, None)
    generator = np.random.default_rng(SEED)
    means = values[generator.integers(len(values), size=(draws, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Band(float(values.mean()), float(low), float(high))
