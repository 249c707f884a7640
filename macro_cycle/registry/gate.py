"""The promotion gate: whether a challenger may serve in the champion's place."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM

SCORED_MONTHS = 36
TOLERATED_LOSS = 0.25
REQUIRED_AGREEMENT = 0.9


@dataclass(frozen=True)
class Verdict:
    """Promote or refuse, with every figure that was weighed and, when refused, why."""

    promote: bool
    reasons: tuple[str, ...]
    figures: dict[str, float] = field(default_factory=dict)


def judge(challenger: "MacroCycleHMM", champion: "MacroCycleHMM | None", panel: pd.DataFrame) -> Verdict:
    """The challenger against the champion on the same panel, as known now.

    Weighed: convergence; predictive log score per month over the last `SCORED_MONTHS` (nats; a loss above
    `TOLERATED_LOSS` is refused); share of months on whose label the two agree (below `REQUIRED_AGREEMENT` is
    refused: a regime may have changed its meaning). Without a champion only convergence is asked for.
    """
    figures = {
        "converged": float(challenger.convergence.converged),
        "log_score": _log_score(challenger, panel),
    }
    reasons = []
    if not challenger.convergence.converged:
        reasons.append("the challenger's training did not converge; raise max_iter")
    if not np.isfinite(figures["log_score"]):
        reasons.append("the challenger's log score is not finite")
    if champion is not None and champion.columns == challenger.columns:
        figures |= _comparison(challenger, champion, panel)
        reasons += _shortfalls(figures)
    return Verdict(promote=not reasons, reasons=tuple(reasons), figures=figures)


def _comparison(challenger: "MacroCycleHMM", champion: "MacroCycleHMM", panel: pd.DataFrame) -> dict[str, float]:
    agreement = np.mean(np.asarray(challenger.predict(panel)) == np.asarray(champion.predict(panel)))
    return {"champion_log_score": _log_score(champion, panel), "label_agreement": float(agreement)}


def _shortfalls(figures: dict[str, float]) -> list[str]:
    reasons = []
    loss = figures["champion_log_score"] - figures["log_score"]
    if loss > TOLERATED_LOSS:
        reasons.append(f"its log score is {loss:.2f} nats a month below the champion's (at most {TOLERATED_LOSS})")
    if figures["label_agreement"] < REQUIRED_AGREEMENT:
        share = figures["label_agreement"]
        reasons.append(f"it agrees with the champion on {share:.0%} of months (at least {REQUIRED_AGREEMENT:.0%})")
    return reasons


def _log_score(model: "MacroCycleHMM", panel: pd.DataFrame) -> float:
    return float(np.mean(model.filter(panel).log_likelihoods[-SCORED_MONTHS:]))
