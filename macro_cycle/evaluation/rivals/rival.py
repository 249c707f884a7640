"""What a rival is, and the panel that it reads.

A rival is estimated on what was known on one day and then read off what was known on that or a later day. Its score is
higher where a recession is likelier; months whose inputs were not yet published have no score.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.features import Feature, FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog

if TYPE_CHECKING:
    from types import ModuleType

Rule = Callable[[pd.DataFrame], pd.Series]
Estimate = Callable[[pd.DataFrame, pd.Timestamp], Rule]

EVERY_YEAR, EVERY_THIRD_MONTH = 12, 3


@dataclass(frozen=True)
class Rival:
    """One rival of the model.

    estimate: panel and its day -> rule; a rule gives, for a panel of the same or a later day, the score of each
    reference month (month starts, ascending; NaN where the package's estimate failed).
    reads: the series that the panel has a column of; levels: whether as they are, or transformed as the catalogue says.
    threshold: a recession is called above it. probability: whether scores are probabilities, so that a Brier score
    means something. source: where it was published. requires: a package without which it cannot be estimated.
    every: months between estimations; None where nothing is estimated.
    """

    name: str
    title: str
    threshold: float
    probability: bool
    estimate: Estimate
    reads: tuple[str, ...]
    source: str
    levels: bool = False
    requires: str | None = None
    every: int | None = None


def panels_of(rival: Rival, history: pd.DataFrame, catalog: Catalog) -> RealTimePanels:
    """The panels that the rival reads; raises MacroCycleError where the history lacks a series, or none is the cycle's.

    A store holds the series of every cycle: those of another economy say nothing of this one.
    """
    if not any(name in catalog for name in rival.reads):
        raise MacroCycleError(f"it reads {', '.join(rival.reads)}, which are no series of this cycle")
    present = {catalog.canonical_id(name) for name in history["series_id"].unique()}
    if lacking := [name for name in rival.reads if name not in present]:
        raise MacroCycleError(f"it needs {', '.join(lacking)}: add the series to the source")
    features = tuple(Feature(name=s, series_ids=(s,), role="activity") for s in rival.reads)
    if rival.levels:
        as_is = {"tcode": 1, "sign": 1}
        catalog = Catalog(series={s: catalog.spec(s).model_copy(update=as_is) for s in rival.reads})
    return RealTimePanels(history, catalog, FeatureSet(features=features))


def package(name: str) -> "ModuleType":
    """The module of an optional package; raises MacroCycleError where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise MacroCycleError(f"it needs {name.split('.')[0]}: install it (it is in the `rivals` extra)") from None
