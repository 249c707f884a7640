"""How well probabilities date the cycle: discrimination, calibration, false alarms, delay and stability.

Probabilities and indicators are arrays (T,) of the same months; NaN is not allowed.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.chronology import Recession

LEAST_PROBABILITY = 1e-4


def auroc(probability: ArrayLike, recession: ArrayLike) -> float:
    """Area under the ROC curve (Mann-Whitney), ties counted half; NaN without months of both kinds."""
    from scipy.stats import rankdata

    p, y = _checked(probability, recession)
    positives, negatives = int(y.sum()), int((~y).sum())
    if not positives or not negatives:
        return float("nan")
    return float((rankdata(p)[y].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def brier(probability: ArrayLike, recession: ArrayLike) -> float:
    """Mean squared error of the probability (Brier 1950)."""
    p, y = _checked(probability, recession)
    return float(np.mean((p - y) ** 2))


def log_score(probability: ArrayLike, happened: ArrayLike) -> float:
    """Mean log probability of what happened, in nats (Good 1952); one nearer to 0 or 1 counts as 0.0001 from it."""
    p, y = _checked(probability, happened)
    held = np.clip(p, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    return float(np.mean(np.where(y, np.log(held), np.log1p(-held)))) if len(p) else float("nan")


def false_alarm_share(probability: ArrayLike, recession: ArrayLike, threshold: float = 0.5) -> float:
    """Share of the expansion months whose probability exceeds `threshold`; NaN without expansion months."""
    p, y = _checked(probability, recession)
    return float(np.mean(p[~y] > threshold)) if (~y).any() else float("nan")


def calls(probability: pd.Series, threshold: float = 0.5, running: int = 2) -> pd.Series:
    """Whether a recession is called at each entry: its last `running` probabilities exceed `threshold`."""
    return (probability > threshold).rolling(running).sum().eq(running).rename("called")


def call_delays(
    probability: pd.Series, recessions: Sequence[Recession], threshold: float = 0.5, running: int = 2
) -> pd.Series:
    """Month ends after a recession's first month until it was called; NaN where it never was.

    `probability` is indexed by as-of month (month starts, ascending). 0 means called at the end of the first
    month itself; a call later than a year after the trough does not count. One value per recession, indexed
    by its first month.
    """
    called = calls(probability, threshold, running)
    delays = {r.first_month: _delay(called, r) for r in recessions}
    return pd.Series(delays, name="month_ends_to_call", dtype=float)


def _delay(called: pd.Series, recession: Recession) -> float:
    first = recession.first_month
    window = called[first : recession.trough + pd.DateOffset(years=1) if recession.trough else None]
    if not window.any():
        return float("nan")
    at = pd.DatetimeIndex(window.index[window])[0]
    return float((at.year - first.year) * 12 + at.month - first.month)


def label_change_share(previous: pd.Series, current: pd.Series, as_of: pd.Timestamp, months: int = 24) -> float:
    """Share of the reference months older than `months` at `as_of` whose label two partitions disagree on.

    `previous` and `current` are labels indexed by reference month; only months in both count, NaN if none.
    """
    old = previous.index.intersection(current.index)
    old = old[old < pd.Timestamp(as_of) - pd.DateOffset(months=months)]
    return float(np.mean(previous[old].to_numpy() != current[old].to_numpy())) if len(old) else float("nan")


def _checked(probability: ArrayLike, recession: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    p, y = np.asarray(probability, float), np.asarray(recession, bool)
    if p.shape != y.shape or p.ndim != 1:
        raise MacroCycleError(f"Probabilities and recession months must be equally long; got {p.shape} and {y.shape}.")
    if np.isnan(p).any():
        raise MacroCycleError("A probability is missing (NaN); score only months for which the model gave an answer.")
    return p, y
