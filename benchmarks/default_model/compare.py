"""The comparison behind the default: every candidate walked forward on the bundled sample.

usage: python -m benchmarks.default_model.compare [months between re-estimations, default 1]
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmarks.default_model.walk_forward import Experiment, default_config, figures, walk_forward
from macro_cycle.features import Feature, FeatureSet, default_feature_set

DEFAULT = default_feature_set()


def _edit(changes: Mapping[str, dict[str, Any]], features: FeatureSet = DEFAULT) -> FeatureSet:
    """A feature set with some features' fields changed."""
    edited = (f.model_copy(update=changes.get(f.name)) for f in features.features)
    return FeatureSet(features=tuple(edited))


def _persistence(share: float, *names: str) -> FeatureSet:
    changes = {f.name: {"persistence": share if f.name in names else 0.0} for f in DEFAULT.features}
    return _edit(changes)


def _with(*extra: str) -> FeatureSet:
    added = tuple(Feature(name=s, series_ids=(s,), role="activity") for s in extra)
    return FeatureSet(features=DEFAULT.features + added)


def _without(*names: str) -> FeatureSet:
    return FeatureSet(features=tuple(f for f in DEFAULT.features if f.name not in names))


def _feature_sets() -> Iterator[tuple[str, FeatureSet]]:
    persistent = ("INDPRO", "PAYEMS", "W875RX1")
    activity = tuple(f.name for f in DEFAULT.features if f.role == "activity")
    yield "no persistence, momentum over 3 months", _edit({"MOMENTUM": {"change": 3}}, _persistence(0.0))
    yield "no persistence", _persistence(0.0)
    for share in (0.2, 0.4, 0.5):
        yield f"persistence {share}", _persistence(share, *persistent)
    yield "persistence 0.3 of all activity series", _persistence(0.3, *activity)
    for change in (3, 4, 6, 9):
        yield f"momentum over {change} months", _edit({"MOMENTUM": {"change": change}})
    yield "momentum as each regime's own mean", _edit({"MOMENTUM": {"role": "free"}})
    yield "activity as 3-month means", _edit({name: {"span": 3} for name in activity})
    yield "without momentum", _without("MOMENTUM")
    yield "without starts and permits", _without("HOUST", "PERMIT")
    for extra in ("DPCERA3M086SBEA", "RSAFS", "UEMPLT5", "CE16OV", "MANEMP", "CUMFNS"):
        yield f"with {extra}", _with(extra)


def _configs() -> Iterator[tuple[str, dict[str, object]]]:
    for discount in (0.3, 0.4, 0.6, 0.8, 1.0):
        yield f"discount {discount}", {"discount": discount}
    for winsor in (3.0, 5.0, 6.0, None):
        yield f"winsor {winsor}", {"winsor": winsor}
    for strength in (0.1, 0.5, 2.0, 4.0):
        yield f"clock prior x {strength}", {"transition_strength": strength}
    yield "Student-t, 10 degrees of freedom", {"emission": "student_t", "winsor": 10.0}
    yield "variance per regime", {"covariance_type": "diag"}
    yield "tied full covariance", {"covariance_type": "tied", "discount": 1.0}
    yield "k = 3", {"n_regimes": 3}
    yield "k = 2", {"n_regimes": 2}
    yield "free means", {"roles": dict.fromkeys(DEFAULT.names, "free")}
    yield "free regimes, tied diagonal", {"structure": "free"}
    yield "free regimes, full covariance", {"structure": "free", "covariance_type": "full", "discount": 1.0}


def experiments(every: int) -> Iterator[Experiment]:
    """The default and every candidate that differs from it in one way."""
    yield Experiment("default", DEFAULT, default_config(DEFAULT), every)
    for name, features in _feature_sets():
        yield Experiment(name, features, default_config(features), every)
    for name, options in _configs():
        yield Experiment(name, DEFAULT, default_config(DEFAULT, **options), every)


def main() -> None:
    """Print the table, a row at a time."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for experiment in experiments(every):
        row = figures(walk_forward(experiment))
        print(pd.DataFrame([row], index=[experiment.name]).round(4).to_string(header=False), flush=True)


if __name__ == "__main__":
    main()
