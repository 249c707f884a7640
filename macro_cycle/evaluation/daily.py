"""The answer of each day on which something was published: what the last month end's model says of that day's panel.

At a month end the model is estimated again, and its answer is the month's own. So a month's answers follow from the
model of the month before, the history of observations and the month's own answer; they can be given again at any time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from macro_cycle.declared import DailyAnswer, turning_points
from macro_cycle.declared.answers import LONGEST
from macro_cycle.evaluation.walk_forward import FEWEST_MONTHS
from macro_cycle.features import FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig, MacroCycleHMM

BATCH = 32

Progress = Callable[[int, int], None]
"""Is told how many months are done, and of how many."""


def answer_of(model: "MacroCycleHMM", panel: pd.DataFrame, day: pd.Timestamp) -> DailyAnswer:
    """The model's answer for the panel that was known on `day`."""
    values, months = panel.to_numpy(), pd.DatetimeIndex(panel.index)
    known = values if tuple(panel) == model.columns else panel
    seen = model.smooth(known)
    smoothed = model.recession_probability(seen.smoothed_probs)
    peak, trough = turning_points(months, smoothed)
    emitted = [name not in model.covariates for name in panel]
    return DailyAnswer(
        day=day.date(),
        reference_month=months[-1].date(),
        recession_probability=float(model.recession_probability(seen.filtered_probs)[-1]),
        path=tuple(map(float, smoothed[-LONGEST:])),
        known=float((~np.isnan(values[-1, emitted])).mean()),
        peak=peak,
        trough=trough,
        ahead=tuple(map(float, model.forecast(known, LONGEST).recession_probability)),
    )


def answers_between(
    panels: RealTimePanels, model: "MacroCycleHMM", after: pd.Timestamp, until: pd.Timestamp
) -> list[DailyAnswer]:
    """The model's answers on the days after the first and up to the second on which the panel became another one."""
    return [answer_of(model, panel, day) for day, panel in panels.changed(after, until)]


@dataclass(frozen=True)
class DailyWalk:
    """The answers of a walk-forward, one a day, ascending; on `month_ends` the answer is the month's own."""

    answers: tuple[DailyAnswer, ...]
    month_ends: frozenset[date]

    def table(self) -> pd.DataFrame:
        """By day: `reference_month`, `probability` (of recession, filtered), `month_end`."""
        rows = [
            (pd.Timestamp(a.reference_month), a.recession_probability, a.day in self.month_ends) for a in self.answers
        ]
        index = pd.DatetimeIndex([pd.Timestamp(a.day) for a in self.answers], name="day")
        return pd.DataFrame(rows, index, ["reference_month", "probability", "month_end"])


def walk_forward_daily(
    history: pd.DataFrame,
    catalog: Catalog,
    features: FeatureSet,
    config: "HMMConfig",
    months: Sequence[pd.Timestamp],
    every: int = 1,
    progress: Progress = lambda done, of: None,
) -> DailyWalk:
    """The configuration's answers on each day of consecutive `months`, from what was known then.

    history: as `RealTimePanels` takes it. months: month starts, ascending. every: months between re-estimations; the
    first model is that of the month before the first, where there is one.
    """
    panels = RealTimePanels(history, catalog, features)
    ends = [months[0] - pd.Timedelta(days=1), *(month + pd.offsets.MonthEnd(0) for month in months)]
    answers: list[DailyAnswer] = []
    month_ends: set[date] = set()
    before: MacroCycleHMM | None = None
    for number, (end, panel, model) in enumerate(estimated_models(panels, config, ends, every)):
        if before is not None:
            answers += answers_between(panels, before, ends[number - 1], end - pd.Timedelta(days=1))
        if number and panel is not None and model is not None:
            answers.append(answer_of(model, panel, end))
            month_ends.add(end.date())
        before = model
        progress(number, len(months))
    return DailyWalk(tuple(answers), frozenset(month_ends))


def estimated_models(
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
