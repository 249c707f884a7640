"""The comparison behind the default: every candidate walked forward, as released and with simulated revisions.

usage: python -m benchmarks.default_model.compare [months between re-estimations, default 6]
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.default_model.revisions import with_revisions
from benchmarks.default_model.walk_forward import (
    END,
    NBER,
    Experiment,
    WalkForward,
    default_config,
    figures,
    walk_forward,
)
from macro_cycle.cycles import shipped
from macro_cycle.evaluation.phases import phase_scores
from macro_cycle.features import Feature, FeatureSet
from macro_cycle.hmm import HMMConfig

DEFAULT = shipped().features
DRAWS = (1, 2)
HEADER = (
    "candidate",
    *("AUROC", "Brier", "false alarms, %", "delays", "AUROC before 1995", "since", "AUROC in sample"),
    *("Peak within 12", "Trough", "AUROC, revisions", "Brier, revisions", "false alarms, revisions, %"),
)


def _edit(changes: Mapping[str, dict[str, Any]], features: FeatureSet = DEFAULT) -> FeatureSet:
    """A feature set with some features' fields changed."""
    edited = (f.model_copy(update=changes.get(f.name)) for f in features.features)
    return FeatureSet(features=tuple(edited))


def _persistence(share: float, *names: str) -> FeatureSet:
    return _edit({f.name: {"persistence": share if f.name in names else 0.0} for f in DEFAULT.features})


def _with(*extra: str) -> FeatureSet:
    added = tuple(Feature(name=s, series_ids=(s,), role="activity") for s in extra)
    return FeatureSet(features=DEFAULT.features + added)


def _without(*names: str) -> FeatureSet:
    return FeatureSet(features=tuple(f for f in DEFAULT.features if f.name not in names))


def _feature_sets() -> Iterator[tuple[str, FeatureSet]]:
    persistent = tuple(f.name for f in DEFAULT.features if f.persistence)
    activity = tuple(f.name for f in DEFAULT.features if f.role == "activity")
    yield "without the spread", _without("TERM_SPREAD")
    yield "without the bill rate", _without("TB3MS")
    for span in (1, 5, 6, 9, 12):
        yield f"spread over {span} months", _edit({"TERM_SPREAD": {"span": span}})
    yield "no persistence", _persistence(0.0)
    for share in (0.2, 0.4, 0.5):
        yield f"persistence {share}", _persistence(share, *persistent)
    yield "without momentum", _without("MOMENTUM")
    for change in (3, 4, 6, 9):
        yield f"momentum over {change} months", _edit({"MOMENTUM": {"change": change}})
    for span in (2, 4, 6):
        yield f"momentum smoothed over {span} months", _edit({"MOMENTUM": {"span": span}})
    yield "without starts and permits", _without("HOUST", "PERMIT")
    yield "persistence 0.3 of all activity series", _persistence(0.3, *activity)
    yield "momentum as each regime's own mean", _edit({"MOMENTUM": {"role": "free"}})
    yield "activity as 3-month means", _edit({name: {"span": 3} for name in activity})
    for extra in ("DPCERA3M086SBEA", "CE16OV", "MANEMP", "UEMPLT5"):
        yield f"with {extra}", _with(extra)


def _configs() -> Iterator[tuple[str, dict[str, object]]]:
    for discount in (0.3, 0.35, 0.45, 0.5, 0.6, 1.0):
        yield f"discount {discount}", {"discount": discount}
    for winsor in (3.0, 3.5, 4.0, 5.0, None):
        yield f"winsor {winsor}", {"winsor": winsor}
    for strength in (0.1, 0.25, 1.0, 2.0, 4.0):
        yield f"clock prior x {strength}", {"transition_strength": strength}
    yield "Expansion's transitions alone vary", {"varying_from": ("Expansion",)}
    for precision in (0.5, 2.0):
        yield f"slope precision {precision}", {"slope_precision": precision}
    yield "Student-t, 10 degrees of freedom", {"emission": "student_t", "winsor": 10.0}
    yield "variance per regime", {"covariance_type": "diag"}
    yield "tied full covariance", {"covariance_type": "tied", "discount": 1.0}
    yield "k = 3", {"n_regimes": 3}
    yield "k = 2", {"n_regimes": 2}
    yield "free means", {"roles": {f.name: f.role if f.role == "transition" else "free" for f in DEFAULT.features}}
    yield "free regimes, tied diagonal", {"structure": "free"}
    yield "free regimes, full covariance", {"structure": "free", "covariance_type": "full", "discount": 1.0}


def experiments(every: int) -> Iterator[Experiment]:
    """The default and every candidate that differs from it in one way."""
    yield Experiment("default", DEFAULT, _config(DEFAULT), every)
    for name, options in _configs():
        yield Experiment(name, DEFAULT, _config(DEFAULT, **options), every)
    for name, features in _feature_sets():
        yield Experiment(name, features, _config(features), every)


def _config(features: FeatureSet, **options: object) -> HMMConfig:
    return default_config(features).replace(**{"n_restarts": 3, **options})


def row(experiment: Experiment) -> list[str]:
    """One row of the table, in the order of `HEADER`."""
    run = walk_forward(experiment)
    found = figures(run)
    revised = [figures(walk_forward(experiment, with_revisions(draw))) for draw in DRAWS]

    def numbers(of: Mapping[str, Any], *names: str) -> list[str]:
        return [f"{100 * of[n]:.2f}" if n == "false_alarms" else f"{of[n]:.4f}" for n in names]

    scores = ("auroc", "brier", "false_alarms")
    return [
        experiment.name,
        *numbers(found, *scores),
        str(found["delays"]),
        *numbers(found, "auroc_before_1995", "auroc_since_1995", "in_sample_auroc"),
        *_areas(run),
        *numbers({s: float(np.mean([float(r[s]) for r in revised])) for s in scores}, *scores),
    ]


def _areas(run: WalkForward) -> list[str]:
    """AUROC of the phases Peak and Trough; nothing where there are no such regimes."""
    if not {"Peak", "Trough"} <= set(run.phases):
        return ["", ""]
    areas = {s.phase: s.auroc for s in phase_scores(run.phases, run.phases["label"], pd.Timestamp(END), NBER)}
    return ["" if areas[phase] is None else f"{areas[phase]:.3f}" for phase in ("Peak", "Trough")]


def main() -> None:
    """Print the table in Markdown, a row at a time."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    print("|".join(["", *HEADER, ""]))
    print("|".join(["", *("---" for _ in HEADER), ""]))
    for experiment in experiments(every):
        print("|".join(["", *row(experiment), ""]), flush=True)


if __name__ == "__main__":
    main()
