"""What the four phases and the forecast of an onset were worth in a walk-forward, beside a probit on the spread."""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from benchmarks.default_model.walk_forward import NBER, WalkForward
from benchmarks.figures import Figure, figure
from macro_cycle.evaluation.forecasts import ForecastScore, forecast_score, onset, probit_in_real_time
from macro_cycle.evaluation.phases import PHASES, changes_of_label, phase_scores
from macro_cycle.evaluation.rivals.rules import PROBIT

SPREAD = ("GS10", "TB3MS")
ONSETS = (3, 6, 12)
PEAK_TARGETS = {6: ">= 0.92", 12: ">= 0.90"}
TARGETS = {"Trough": ">= 0.80"}


def phase_figures(run: WalkForward, day: pd.Timestamp) -> list[Figure]:
    """Each phase's scores in real time and, of the last estimate given the whole panel, in hindsight."""
    labels = run.phases["label"]
    later = run.model.phases(run.panel, hindsight=True)
    hindsight = pd.DataFrame(later, run.panel.index, list(run.model.labels)).loc[run.phases.index]
    smoothed = run.model.smooth(run.panel).smoothed_probs
    said_later = pd.Series(run.model.labels_of(smoothed), run.panel.index).loc[run.phases.index]
    out = [
        figure(f"p(Peak), a peak within {n} months, AUROC", _area(run.phases, labels, day, n), "", target)
        for n, target in PEAK_TARGETS.items()
    ]
    for when, probabilities, said in (("real time", run.phases, labels), ("hindsight", hindsight, said_later)):
        for score in phase_scores(probabilities[list(PHASES)], said, day, NBER):
            target = TARGETS.get(score.phase, "") if when == "real time" else ""
            name = f"{score.phase}, {when}"
            out.append(figure(f"{name}: AUROC", _number(score.auroc), "", target))
            out.append(figure(f"{name}: precision", _number(score.precision), f"of {score.labelled} months"))
            out.append(figure(f"{name}: recall", _number(score.recall), f"of {score.positives} months"))
    contradicting = labels.isin(["Contraction", "Trough"]) != (run.calls["probability"].to_numpy() > 0.5)
    return [
        *out,
        figure("label changes from month to month", 100 * changes_of_label(labels), "%", "<= 4"),
        figure("label and probability contradict", float(contradicting.sum()), "months", "<= 0"),
    ]


def onset_figures(run: WalkForward, observations: pd.DataFrame, day: pd.Timestamp) -> list[Figure]:
    """P(a recession begins within 3, 6, 12 months) beside a probit re-estimated as of each day, and the New York Fed's.

    The latter's published coefficients were estimated on all of these recessions; it says "in recession in 12 months",
    which is taken for an onset within 12.
    """
    index = pd.DatetimeIndex(run.begins.index)
    days = pd.DatetimeIndex(run.calls.index) + pd.offsets.MonthEnd(0)
    rates = observations[observations["series_id"].isin(SPREAD)].pivot_table("value", "date", "series_id")
    spread = rates["GS10"] - rates["TB3MS"]
    bill = 365 * rates["TB3MS"] / (360 - 0.91 * rates["TB3MS"])
    published = pd.Series(ndtr(PROBIT[0] + PROBIT[1] * (rates["GS10"] - bill)), rates.index).reindex(index).to_numpy()
    out = []
    for n in ONSETS:
        happened = onset(index, n, day, NBER)
        rivals = {"probit": probit_in_real_time(spread, index, days, n, NBER)}
        if n == max(ONSETS):
            rivals["NY Fed's probit"] = published
        asked = happened.notna().to_numpy() & np.isfinite(rivals["probit"])
        y = happened[asked].to_numpy(bool)
        ours = forecast_score(run.begins[n].to_numpy()[asked], y)
        for rival, said in rivals.items():
            out += _beside(f"onset within {n} months", ours, rival, forecast_score(said[asked], y))
        out.append(figure(f"onset within {n} months: mean probability", ours.mean, f"onsets {y.mean():.3f}"))
    return out


def _beside(name: str, ours: ForecastScore, rival: str, theirs: ForecastScore) -> list[Figure]:
    return [
        figure(f"{name}: AUROC", ours.auroc, "", f">= {theirs.auroc:.4f}", rival, theirs.auroc),
        figure(f"{name}: Brier score", ours.brier, "", f"<= {theirs.brier:.4f}", rival, theirs.brier),
        figure(f"{name}: log score", ours.log_score, "nats", f">= {theirs.log_score:.4f}", rival, theirs.log_score),
    ]


def _area(probabilities: pd.DataFrame, labels: pd.Series, day: pd.Timestamp, months: int) -> float:
    scores = phase_scores(probabilities[list(PHASES)], labels, day, NBER, before_peak=months)
    return next(_number(score.auroc) for score in scores if score.phase == "Peak")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
