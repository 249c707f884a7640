"""Macro Cycle dates the business cycle in real time.

A partition is what was known at the end of that month: sources, features, the hidden Markov model, its regimes
and everything that serves them are Dagster assets over the same monthly as-of partitions.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """`CycleComponent`, which costs Dagster's import, loads when it is first asked for."""
    if name == "CycleComponent":
        return import_module("macro_cycle.component").CycleComponent
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "CycleComponent"]
