"""How well a recession was foreseen, beside forecasts that anybody could have made.

Here: what an onset is and what is asked of the months ahead, the scores of a probability of it, and a rival that turns
one number a month into a probability. Not here: the model's own forecast (`hmm.outlook`), and the chain's whose
transitions never vary (`stationary_chain`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from macro_cycle.evaluation.binary_response import probit
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.metrics import auroc, log_score
from macro_cycle.evaluation.reliability import reliability


@dataclass(frozen=True)
class ForecastScore:
    """Of the months scored, after how many the event came, and the scores of the probabilities given for it.

    log_score: mean log probability of what happened, in nats. mean: of the probabilities, to hold beside
    events / months. miscalibration: the part of the Brier score that recalibration would save (`reliability`).
    """

    months: int
    events: int
    mean: float
    auroc: float
    brier: float
    log_score: float
    miscalibration: float


def onset(index: pd.DatetimeIndex, months: int, day: pd.Timestamp, chronology: Chronology) -> pd.Series:
    """Whether a recession begins in one of the `months` months after each month of `index` (month starts).

    True, False, or missing: for months in recession, for which the question is not asked, and where it was not settled
    on `day`.
    """
    state = chronology.settled(index, day)
    ahead = chronology.settled(index + pd.DateOffset(months=months), day).notna().to_numpy()
    begins = np.zeros(len(index), dtype=bool)
    for recession in chronology.announced_peaks(day):
        begins |= (index <= recession.peak) & (index >= recession.first_month - pd.DateOffset(months=months))
    asked = state.eq(False).to_numpy(bool) & (ahead | begins)
    return pd.Series(begins, index=index, name="onset", dtype=object).where(asked, None)


def recession_ahead(index: pd.DatetimeIndex, months: int, day: pd.Timestamp, chronology: Chronology) -> pd.Series:
    """Whether the month that many months after each of `index` (month starts) is one of recession; missing as above."""
    return chronology.settled(index + pd.DateOffset(months=months), day).set_axis(index).rename("recession_ahead")


def forecast_score(probability: ArrayLike, happened: ArrayLike) -> ForecastScore:
    """Scores of probabilities (T,) of an event; raises MacroCycleError for a missing probability."""
    p, y = np.asarray(probability, float), np.asarray(happened, bool)
    if not len(p):
        return ForecastScore(0, 0, *[float("nan")] * 5)
    parts = reliability(p, y)
    return ForecastScore(
        len(p), int(y.sum()), float(p.mean()), auroc(p, y), parts.brier, log_score(p, y), parts.miscalibration
    )


def probit_in_real_time(
    spread: pd.Series,
    asked: pd.DatetimeIndex,
    days: pd.DatetimeIndex,
    months: int,
    chronology: Chronology,
    every: int = 1,
) -> NDArray[np.float64]:
    """(T,) probability of an onset within `months` of each month of `asked`, by a probit estimated as of its day.

    spread: by reference month, never revised. On each `every`-th day of `days` it is estimated on what was settled
    then; NaN while that holds no onset.
    """
    from scipy.special import ndtr

    said = np.full(len(asked), np.nan)
    estimated: tuple[float, float] | None = None
    for i, (month, day) in enumerate(zip(asked, days, strict=True)):
        if estimated is None or i % every == 0:
            known = spread[: month - pd.DateOffset(months=1)].dropna()
            happened = onset(pd.DatetimeIndex(known.index), months, day, chronology).dropna()
            if happened.nunique() == 2:
                estimated = probit(known[happened.index].to_numpy(float), happened.to_numpy(bool))
        if estimated is not None and month in spread.index:
            said[i] = ndtr(estimated[0] + estimated[1] * spread[month])
    return said
