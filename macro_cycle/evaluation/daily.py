"""The answer of each day on which something was published: what the last month end's model says of that day's panel.

At a month end the model is estimated again, and its answer is the month's own. So a month's answers follow from the
model of the month before, the history of observations and the month's own answer; they can be given again at any time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.declared import turning_point
from macro_cycle.evaluation.walk_forward import FEWEST_MONTHS
from macro_cycle.features import FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig, MacroCycleHMM

BATCH = 32
COLUMNS = ("reference_month", "probability", "turn", "month_end")

Progress = Callable[[int, int], None]
"""Is told how many months are done, and of how many."""


@dataclass(frozen=True)
class DailyAnswer:
    """What was said on a day of the newest reference month; `turn` is the turning point seen before it (a month)."""

    day: date
    reference_month: date
    recession_probability: float
    turn: date


def answer_of(model: "MacroCycleHMM", panel: pd.DataFrame, day: pd.Timestamp) -> DailyAnswer:
    """The model's answer for the panel that was known on `day`."""
    seen = model.smooth(panel)
    probability = float(model.recession_probability(seen.filtered_probs)[-1])
    smoothed = pd.Series(model.recession_probability(seen.smoothed_probs), panel.index)
    return DailyAnswer(day.date(), panel.index[-1].date(), probability, turning_point(smoothed))


def answers_between(
    panels: RealTimePanels, model: "MacroCycleHMM", after: pd.Timestamp, until: pd.Timestamp
) -> list[DailyAnswer]:
    """The model's answers on the days after the first and up to the second on which the panel became another one."""
    return [answer_of(model, panel, day) for day, panel in panels.changed(after, until)]


def walk_forward_daily(
    history: pd.DataFrame,
    catalog: Catalog,
    features: FeatureSet,
    config: "HMMConfig",
    months: Sequence[pd.Timestamp],
    every: int = 1,
    progress: Progress = lambda done, of: None,
) -> pd.DataFrame:
    """The configuration's answers on each day of consecutive `months`, from what was known then.

    history: as `RealTimePanels` takes it. months: month starts, ascending. every: months between re-estimations; the
    first model is that of the month before the first, where there is one.
    One row per day: `reference_month`, `probability` (of recession, filtered), `turn` (the turning point that the day
    sees, a month), `month_end` (whether the answer is the month's own).
    """
    panels = RealTimePanels(history, catalog, features)
    ends = [months[0] - pd.Timedelta(days=1), *(month + pd.offsets.MonthEnd(0) for month in months)]
    said: list[tuple[DailyAnswer, bool]] = []
    before: MacroCycleHMM | None = None
    for number, (end, panel, model) in enumerate(_estimated(panels, config, ends, every)):
        if before is not None:
            last_before_end = end - pd.Timedelta(days=1)
            said += [(a, False) for a in answers_between(panels, before, ends[number - 1], last_before_end)]
        if number and panel is not None and model is not None:
            said.append((answer_of(model, panel, end), True))
        before = model
        progress(number, len(months))
    return _table(said)


def _estimated(
    panels: RealTimePanels, config: "HMMConfig", ends: Sequence[pd.Timestamp], every: int
) -> "Iterator[tuple[pd.Timestamp, pd.DataFrame | None, MacroCycleHMM | None]]":
    """Each month end with its panel and the model estimated last; None while too little is known."""
    from macro_cycle.hmm import fit_windows

    model: MacroCycleHMM | None = None
    age = 0
    for start in range(0, len(ends), BATCH):
        batch = [(end, _long_enough(panels, end)) for end in ends[start : start + BATCH]]
        known = [panel for _, panel in batch if panel is not None]
        estimated = {(age + i) for i in range(len(known)) if (age + i) % every == 0}
        models = iter(fit_windows([known[i - age] for i in sorted(estimated)], config, chain=False))
        for end, panel in batch:
            if panel is not None:
                model = next(models) if age in estimated else model
                age += 1
            yield end, panel, model


def _long_enough(panels: RealTimePanels, day: pd.Timestamp) -> pd.DataFrame | None:
    panel = panels.or_none(day)
    return panel if panel is not None and panel.notna().any(axis=1).sum() >= FEWEST_MONTHS else None


def _table(said: Sequence[tuple[DailyAnswer, bool]]) -> pd.DataFrame:
    rows = [
        (pd.Timestamp(a.reference_month), a.recession_probability, pd.Timestamp(a.turn), month_end)
        for a, month_end in said
    ]
    index = pd.DatetimeIndex([pd.Timestamp(a.day) for a, _ in said], name="day")
    return pd.DataFrame(rows, index, list(COLUMNS))
