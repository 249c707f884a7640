"""What a platform knew on any day: information sets, and what was ahead of them and came.

A model is found again by content, or trained for the occasion and not kept: for commands and agents, whose question
waits for it. Nothing here writes. Not here: what must not train (`recorded`).
"""

from collections.abc import Iterator

import pandas as pd

from macro_cycle.ahead import Scenario, Surprise, surprises
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.observations.calendar import first_releases
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.recorded import history_until


def information_sets(platform: Platform, *days: pd.Timestamp) -> Iterator[InformationSet]:
    """For each day, in order, what was known and the model estimated on it.

    Raises:
        MacroCycleError: too little was known on a day to make a panel or a model of.
    """
    from macro_cycle.training.information_sets import information_sets

    frames = [(day, platform.warehouse.as_of(day, platform.features.series_ids)) for day in days]
    return information_sets(platform.models, frames, platform.catalog, platform.features, platform.model_config)


def scenario(platform: Platform, day: pd.Timestamp) -> Scenario:
    """What was known on a day, to add prints to."""
    (found,) = information_sets(platform, day)
    return Scenario(found, platform.catalog, platform.features)


def came_since(platform: Platform, since: pd.Timestamp, day: pd.Timestamp) -> list[Surprise]:
    """The releases that came after `since` and until `day`, by the model of `since`."""
    (first,) = information_sets(platform, since)
    series_ids = platform.features.series_ids
    history = history_until(platform, day, series_ids)
    released = pd.concat([first_releases(own) for _, own in history.groupby("series_id")])
    days = sorted(released[(released > since) & (released <= day)].unique())
    frames = (InformationSet(at, platform.warehouse.as_of(at, series_ids), first.model) for at in days)
    return list(surprises([first, *frames], platform.catalog, platform.features))
