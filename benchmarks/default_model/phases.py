"""What the four phases were worth in a walk-forward."""

import pandas as pd

from benchmarks.default_model.walk_forward import NBER, WalkForward
from benchmarks.figures import Figure, figure
from macro_cycle.evaluation.phases import PHASES, changes_of_label, phase_scores

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


def _area(probabilities: pd.DataFrame, labels: pd.Series, day: pd.Timestamp, months: int) -> float:
    scores = phase_scores(probabilities[list(PHASES)], labels, day, NBER, before_peak=months)
    return next(_number(score.auroc) for score in scores if score.phase == "Peak")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
