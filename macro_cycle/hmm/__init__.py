"""The model: a hidden Markov model of the business cycle, usable alone from a notebook.

Here: configuration, parameters, kernels, MAP-EM, inference, selection, labels and posterior of the model.
Not here: where data come from, how panels are built, and where models are stored; nothing below imports
Dagster, MLflow, Feast or a database. Names load when they are first used, so that importing this package
costs no numba and no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from macro_cycle.hmm.batch import fit_windows
    from macro_cycle.hmm.config import HMMConfig
    from macro_cycle.hmm.identity import Matching, match_regimes
    from macro_cycle.hmm.model import MacroCycleHMM
    from macro_cycle.hmm.parameters import HMMParameters
    from macro_cycle.hmm.selection import select

_HOME = {
    "HMMConfig": "config",
    "HMMParameters": "parameters",
    "MacroCycleHMM": "model",
    "Matching": "identity",
    "fit_windows": "batch",
    "match_regimes": "identity",
    "select": "selection",
}

__all__ = ["HMMConfig", "HMMParameters", "MacroCycleHMM", "Matching", "fit_windows", "match_regimes", "select"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
