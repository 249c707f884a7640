"""What the record has of the past, for whoever must not train: sensors, the page.

Here: models that a run made and kept, and what releases meant by them. Not here: models for days of which none is
kept (`knowledge`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.ahead import Surprise, surprises
from macro_cycle.cycles import DEFAULT
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.observations.calendar import first_releases
from macro_cycle.records import Model
from macro_cycle.resources.platform import Platform

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM


@dataclass(frozen=True)
class Measured:
    """Newest releases with what was expected of them; unmeasured: a line for each that no model on record precedes."""

    surprises: tuple[Surprise, ...]
    unmeasured: tuple[str, ...]


def recorded_model(platform: Platform, version: str) -> "MacroCycleHMM | None":
    """The model kept under this version, or None."""
    from macro_cycle.hmm import MacroCycleHMM

    stored = platform.models.load(version)
    return None if stored is None else MacroCycleHMM.from_document(dict(stored.document))


def newest_surprises(platform: Platform, series_ids: Sequence[str], day: pd.Timestamp) -> Measured:
    """The newest release of each series until `day`, by the model on record of the month end before it came.

    Where that month has no model, the newest of the months before it. Nothing of a series of which nothing, or no
    period before its newest, was known.
    """
    history = history_until(platform, day, series_ids)
    came = {str(name): first_releases(own).max() for name, own in history.groupby("series_id")}
    kept = {pd.Timestamp(each.as_of): each.version for each in platform.records.history("regime_model", Model)}
    of_cycle = "" if platform.cycle == DEFAULT else f" --cycle {platform.cycle}"
    found: list[Surprise] = []
    unmeasured = []
    for series_id, at in came.items():
        end = month_end_before(at)
        newest = max((month for month in kept if month <= end), default=None)
        model = None if newest is None else recorded_model(platform, kept[newest])
        if model is None:
            unmeasured.append(
                f"{series_id} came on {at:%Y-%m-%d} and no model before it is on record: run macro-cycle backfill "
                f"--from {end:%Y-%m} --to {end:%Y-%m}{of_cycle}"
            )
            continue
        found += list(_of_series(platform, series_id, at, model))[-1:]
    return Measured(tuple(found), tuple(unmeasured))


def _of_series(platform: Platform, series_id: str, at: pd.Timestamp, model: "MacroCycleHMM") -> Iterator[Surprise]:
    sets = [
        InformationSet(day, platform.warehouse.as_of(day, platform.features.series_ids), model)
        for day in (at - pd.Timedelta(days=1), at)
    ]
    for each in surprises(sets, platform.catalog, platform.features):
        if each.release.series_id == series_id:
            yield each


def month_end_before(day: pd.Timestamp) -> pd.Timestamp:
    """The last month end before a day."""
    return day - pd.offsets.MonthEnd(1)


def history_until(platform: Platform, day: pd.Timestamp, series_ids: Sequence[str]) -> pd.DataFrame:
    """Every value that was known by a day, as it stood on that day: what ended later had not ended."""
    history = platform.warehouse.history(series_ids)
    known = history[history["realtime_start"] <= day]
    return known.assign(realtime_end=known["realtime_end"].where(known["realtime_end"] <= day)).reset_index(drop=True)
