"""Configurations compared by walk-forward: each is one task, here or on another machine, with the same result.

What runs the tasks is handed in; nothing here knows where they run.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.track_record import Figures, Record, figures
from macro_cycle.evaluation.walk_forward import EVERY, answers
from macro_cycle.features import FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.observations import Catalog


@dataclass(frozen=True)
class Variant:
    """One configuration of the features and the model; `name` says in what it differs."""

    name: str
    features: FeatureSet
    config: HMMConfig


@dataclass(frozen=True)
class Ground:
    """What all variants are judged on.

    history: as `Warehouse.history` gives it. months: as-of months (month starts, ascending). every: months between
    re-estimations. day: by what was settled on it the answers are scored.
    """

    history: pd.DataFrame
    catalog: Catalog
    chronology: Chronology
    months: pd.DatetimeIndex
    day: pd.Timestamp
    every: int = EVERY


class Task(Protocol):
    """What is done with each variant."""

    def __call__(self, variant: Variant, ground: Ground, /) -> Figures:
        """Its figures."""
        ...


class Engine(Protocol):
    """What runs tasks, and yields their results in the order of the variants."""

    def __call__(self, task: Task, variants: Sequence[Variant], ground: Ground) -> Iterator[Figures]:
        """The figures of each variant."""
        ...


def in_this_process(task: Task, variants: Iterable[Variant], ground: Ground) -> Iterator[Figures]:
    """The engine that needs no other machine: one variant after the other."""
    return (task(variant, ground) for variant in variants)


def score(variant: Variant, ground: Ground) -> Figures:
    """The figures of a variant's walk-forward over the ground's months."""
    panels = RealTimePanels(ground.history, ground.catalog, variant.features)
    known = ((month, panels.or_none(month + pd.offsets.MonthEnd(0))) for month in ground.months)
    said = answers(known, variant.config, ground.every)
    return figures(Record(variant.name, variant.name, said), ground.day, ground.chronology)


def compare(variants: Sequence[Variant], ground: Ground, engine: Engine = in_this_process) -> Iterator[dict[str, Any]]:
    """The figures of each variant in order, as they are ready: name and the fields of `Figures` that people compare."""
    for found in engine(score, variants, ground):
        yield {
            "variant": found.name,
            "auroc": found.auroc,
            "brier": found.brier,
            "false_alarms": found.false_alarms,
            "called": found.called,
            "recessions": found.recessions,
            "slowest_call": found.slowest_call,
            "months": found.months,
        }
