"""Does the default model date the cycle: its figures on the bundled sample beside targets and rivals.

With a folder of FRED-MD vintages, the same inside each of them (`vintages.py`).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import long_history
from benchmarks.declared.walks import sample_walk
from benchmarks.default_model.bands import band_figures
from benchmarks.default_model.days import day_figures
from benchmarks.default_model.forecasts import forecast_figures
from benchmarks.default_model.phases import phase_figures
from benchmarks.default_model.revisions import with_revisions
from benchmarks.default_model.robustness import fault_figures
from benchmarks.default_model.vintages import vintage_figures
from benchmarks.default_model.walk_forward import (
    CATALOG,
    END,
    START,
    Experiment,
    default_config,
    delays,
    figures,
    figures_of_calls,
    sample_observations,
    walk_forward,
)
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.evaluation.rivals import Rival, all_rivals, answers_at
from macro_cycle.hmm.revisions import RevisionSizes

IN_TIME = 4.0
REVISION_SEEDS = (1, 2, 3)


def measure(vintages: Path | None = None) -> list[Figure]:
    """Walk forward from 1970 with monthly re-estimation, beside the rivals; then with revisions and faults.

    vintages: a folder of FRED-MD files in which all of it is measured too.
    """
    features = shipped().features
    experiment = Experiment("default", features, default_config(features))
    run, day = walk_forward(experiment), pd.Timestamp(END)
    found = figures(run)
    rivals = {rival.title: _rival(rival) for rival in all_rivals(shipped().chronology)}
    ours = {**_scores(run.calls, 0.5), "slowest call": float(delays(run.calls).fillna(np.inf).max())}
    return [
        *_beside(ours, rivals),
        figure("slowest call", ours["slowest call"], "month ends after the first month", f"<= {IN_TIME:.0f}"),
        figure("labels changed, median", 100 * float(found["label_changes"]), "%", "<= 0.5"),
        *day_figures(sample_walk(), sample_observations()),
        *phase_figures(run, day),
        *forecast_figures(run, sample_observations(), day),
        *band_figures(run, RevisionSizes.none(run.model.emitted)),
        *(f for f in long_history.measure() if f.target),
        *fault_figures(),
        *_context(found),
        *_revised(experiment),
        *(figure(f"{name} of {rival}", value, "") for rival, row in rivals.items() for name, value in row.items()),
        *([] if vintages is None else vintage_figures(vintages)),
    ]


def _beside(ours: Mapping[str, float], rivals: Mapping[str, Mapping[str, float]]) -> list[Figure]:
    """Each figure with a target beside its best rival."""
    rows: list[tuple[str, str, str, Callable[..., str]]] = [
        ("AUROC", "", ">= 0.9975", max),
        ("Brier score", "", "<= 0.0135", min),
        ("expansion months called recession", "%", "<= 1.5", min),
        ("recessions since 1973 called in time", "of 7", ">= 7", max),
    ]
    out = []
    for name, unit, target, best in rows:
        measured = {rival: row[name] for rival, row in rivals.items() if name in row}
        rival = best(measured, key=measured.__getitem__)
        out.append(figure(name, ours[name], unit, target, rival, measured[rival]))
    return out


def _rival(rival: Rival) -> dict[str, float]:
    """The same figures of a rival; a month without an answer is left out."""
    ends = pd.date_range(START, END, freq="MS") + pd.offsets.MonthEnd(0)
    history = sample_observations().assign(realtime_end=pd.NaT)
    said = answers_at(rival, history, CATALOG, list(ends)).rename(columns={"score": "probability"})
    said.index = pd.DatetimeIndex(said.index).to_period("M").to_timestamp()
    found = _scores(said[said["probability"].notna()], rival.threshold)
    if not rival.probability:
        del found["Brier score"]
    return {**found, "months without an answer": float(len(ends) - said["probability"].notna().sum())}


def _scores(calls: pd.DataFrame, threshold: float) -> dict[str, float]:
    found = figures_of_calls(calls, threshold)
    return {
        "AUROC": found["auroc"],
        "Brier score": found["brier"],
        "expansion months called recession": 100 * found["false_alarms"],
        "recessions since 1973 called in time": float((delays(calls, threshold) <= IN_TIME).sum()),
    }


def _context(found: Mapping[str, float | str]) -> list[Figure]:
    """What says whether the figures are luck: both halves of the sample, and the gap to the in-sample fit."""
    return [
        figure(name, float(found[key]), "")
        for name, key in (
            ("AUROC before 1995", "auroc_before_1995"),
            ("AUROC since 1995", "auroc_since_1995"),
            ("Brier score before 1995", "brier_before_1995"),
            ("Brier score since 1995", "brier_since_1995"),
            ("AUROC in sample", "in_sample_auroc"),
            ("Brier score in sample", "in_sample_brier"),
        )
    ]


def _revised(experiment: Experiment) -> list[Figure]:
    """Means over draws of simulated data revisions."""
    found = [_scores(walk_forward(experiment, with_revisions(seed)).calls, 0.5) for seed in REVISION_SEEDS]
    return [
        figure(f"{name} with simulated revisions", float(np.mean([row[name] for row in found])), "")
        for name in ("AUROC", "Brier score", "expansion months called recession")
    ]
