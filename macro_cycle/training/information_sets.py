"""What was known on a day, with the model that it gives: found again by content, or trained for the occasion."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.evaluation.news import InformationSet
from macro_cycle.features import FeatureSet, build_panel
from macro_cycle.observations import Catalog
from macro_cycle.platform.versions import content_version
from macro_cycle.training.train import train_or_reuse
from macro_cycle.warehouse.models import ModelStore

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig


def information_sets(
    models: ModelStore,
    frames: Iterable[tuple[pd.Timestamp, pd.DataFrame]],
    catalog: Catalog,
    features: FeatureSet,
    config: "HMMConfig",
) -> Iterator[InformationSet]:
    """For each day and its as-of frame, in order, what was known and the model estimated on it.

    Raises:
        MacroCycleError: too little was known on a day to make a panel or a model of.
    """
    known: dict[str, pd.DataFrame] = {}

    def panels() -> Iterator[tuple[str, str, pd.DataFrame]]:
        for day, frame in frames:
            panel = build_panel(frame, catalog, features)
            known[str(day.date())] = frame
            yield str(day.date()), content_version(panel), panel

    for trained in train_or_reuse(models, panels(), config, keep=False):
        yield InformationSet(pd.Timestamp(trained.month), known.pop(trained.month), trained.model)
