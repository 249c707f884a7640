"""What a configuration would have said at past month ends, from what was known then: a record where there is none."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.features import FeatureSet, build_panel
from macro_cycle.observations import Catalog
from macro_cycle.warehouse.observations import as_of_view

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig

EVERY = 8
FEWEST_MONTHS = 60


def walk_forward(
    frames: Iterable[tuple[pd.Timestamp, pd.DataFrame]],
    catalog: Catalog,
    features: FeatureSet,
    config: "HMMConfig",
    every: int = EVERY,
) -> pd.DataFrame:
    """The configuration's answers on each of the frames' days, estimated again at every `every`-th.

    `frames` are as-of months (ascending) and their as-of frames. Days on which too little was known are left out, and
    days without new data: they would only repeat an answer.
    One row per as-of month: `reference_month`, `score` (the recession probability).
    """
    return answers(_panels(frames, catalog, features), config, every)


def answers(
    panels: Iterable[tuple[pd.Timestamp, pd.DataFrame | None]], config: "HMMConfig", every: int = EVERY
) -> pd.DataFrame:
    """The configuration's answers for the panels of as-of months, estimated again at every `every`-th; as above.

    A month without a panel, with too short a one or with that of the month before is left out.
    """
    from macro_cycle.hmm import fit_windows

    distinct = dict(_distinct(panels))
    models = fit_windows(list(distinct.values())[::every], config, chain=False)
    said = {
        month: (panel.index[-1], float(models[i // every].recession_probability(models[i // every].nowcast(panel))))
        for i, (month, panel) in enumerate(distinct.items())
    }
    return pd.DataFrame.from_dict(said, orient="index", columns=["reference_month", "score"])


def frames_at(history: pd.DataFrame, months: pd.DatetimeIndex) -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
    """What was known at the end of each month (month starts), of `Warehouse.history`."""
    for month in months:
        yield month, as_of_view(history, month + pd.offsets.MonthEnd(0))


def _panels(
    frames: Iterable[tuple[pd.Timestamp, pd.DataFrame]], catalog: Catalog, features: FeatureSet
) -> Iterator[tuple[pd.Timestamp, pd.DataFrame | None]]:
    for month, frame in frames:
        try:
            yield month, build_panel(frame, catalog, features)
        except MacroCycleError:
            yield month, None


def _distinct(
    panels: Iterable[tuple[pd.Timestamp, pd.DataFrame | None]],
) -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
    last = pd.DataFrame()
    for month, panel in panels:
        if panel is not None and panel.notna().any(axis=1).sum() >= FEWEST_MONTHS and not panel.equals(last):
            yield month, panel
            last = panel
