"""What the forecasts of a walk-forward were worth: a recession that begins within, or is under way in, some months.

Beside a probit on the spread, the New York Fed's, the stationary chain, and the forecast that nothing changes.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtr

from benchmarks.default_model.walk_forward import NBER, WalkForward
from benchmarks.figures import Figure, figure
from macro_cycle.evaluation.forecasts import forecast_score, onset, probit_in_real_time, recession_ahead
from macro_cycle.evaluation.rivals.rules import PROBIT

SPREAD = ("GS10", "TB3MS")
HORIZONS = (3, 6, 12)
SCORES = {
    "auroc": ("AUROC", ">="),
    "brier": ("Brier score", "<="),
    "log_score": ("log score", ">="),
    "miscalibration": ("miscalibration", "<="),
}


def forecast_figures(
    run: WalkForward, observations: pd.DataFrame, day: pd.Timestamp, probit_every: int = 1
) -> list[Figure]:
    """Every score of every horizon beside the best rival's on the same months, then those of each rival.

    The probit is re-estimated as of every so many month ends. The New York Fed's published coefficients were estimated
    on all of these recessions; it says "in recession in 12 months", which is taken for an onset within 12 too. No
    change is today's recession probability.
    """
    index = run.newest
    days = pd.DatetimeIndex(run.calls.index) + pd.offsets.MonthEnd(0)
    rates = observations[observations["series_id"].isin(SPREAD)].pivot_table("value", "date", "series_id")
    spread, published = rates["GS10"] - rates["TB3MS"], _published(rates).reindex(index).to_numpy()
    unchanged = run.calls["probability"].to_numpy()
    out = []
    for n in HORIZONS:
        fed = {"NY Fed's probit": published} if n == max(HORIZONS) else {}
        said = {kind: table[n].to_numpy() for kind, table in run.foreseen.items()}
        probit = probit_in_real_time(spread, index, days, n, NBER, probit_every)
        rivals = {"probit": probit, **fed, "stationary chain": said["chain_begins"], "no change": unchanged}
        out += _beside(f"onset within {n} months", said["begins"], rivals, onset(index, n, day, NBER))
        rivals = {**fed, "stationary chain": said["chain_recession"], "no change": unchanged}
        out += _beside(f"recession in {n} months", said["recession"], rivals, recession_ahead(index, n, day, NBER))
    return out


def _published(rates: pd.DataFrame) -> pd.Series:
    bill = 365 * rates["TB3MS"] / (360 - 0.91 * rates["TB3MS"])
    return pd.Series(ndtr(PROBIT[0] + PROBIT[1] * (rates["GS10"] - bill)), rates.index)


def _beside(name: str, ours: np.ndarray, rivals: Mapping[str, np.ndarray], happened: pd.Series) -> list[Figure]:
    """On the months that are settled and that every rival has a forecast of."""
    asked = happened.notna().to_numpy() & np.all([np.isfinite(p) for p in rivals.values()], axis=0)
    y = happened[asked].to_numpy(bool)
    mine = forecast_score(ours[asked], y)
    out = [figure(f"{name}: mean probability", mine.mean, f"of {len(y)} months {y.mean():.3f} were so")]
    for field, (title, sign) in SCORES.items():
        theirs = {rival: float(getattr(forecast_score(p[asked], y), field)) for rival, p in rivals.items()}
        best = (max if sign == ">=" else min)(theirs, key=theirs.__getitem__)
        target = f"{sign} {theirs[best]:.4f}"
        out.append(figure(f"{name}: {title}", getattr(mine, field), "", target, best, theirs[best]))
        out += [figure(f"{name}: {title} of {rival}", value, "") for rival, value in theirs.items()]
    return out
