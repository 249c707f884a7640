"""What a platform knew on a day: information sets, and what was ahead of them and came.

A model is found again by content, or trained for the occasion and not kept; nothing here writes.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.ahead import Scenario, Surprise, surprises
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.observations.calendar import first_releases
from macro_cycle.resources.platform import Platform

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM


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


def newest_surprises(platform: Platform, series_ids: Sequence[str], day: pd.Timestamp) -> list[Surprise]:
    """The newest release of each series until `day`, by the model of the month end before it came.

    Nothing of a series of which nothing, or no period before it, was known.

    Raises:
        MacroCycleError: too little was known to make a model of.
    """
    history = history_until(platform, day, series_ids)
    came = {str(name): first_releases(own).max() for name, own in history.groupby("series_id")}
    ends = sorted({month_end_before(at) for at in came.values()})
    models = {each.as_of: each.model for each in information_sets(platform, *ends)}

    def known(at: pd.Timestamp, model: "MacroCycleHMM") -> InformationSet:
        return InformationSet(at, platform.warehouse.as_of(at, platform.features.series_ids), model)

    found: list[Surprise] = []
    for series_id, at in came.items():
        model = models[month_end_before(at)]
        sets = (known(at - pd.Timedelta(days=1), model), known(at, model))
        new = surprises(sets, platform.catalog, platform.features)
        found += [each for each in new if each.release.series_id == series_id][-1:]
    return found


def month_end_before(day: pd.Timestamp) -> pd.Timestamp:
    """The last month end before a day."""
    return day - pd.offsets.MonthEnd(1)


def history_until(platform: Platform, day: pd.Timestamp, series_ids: Sequence[str]) -> pd.DataFrame:
    """Every value that was known by a day, as it stood on that day: what ended later had not ended."""
    history = platform.warehouse.history(series_ids)
    known = history[history["realtime_start"] <= day]
    return known.assign(realtime_end=known["realtime_end"].where(known["realtime_end"] <= day)).reset_index(drop=True)
