"""The answer about the months ahead as one record: regimes, onset of a recession, time to an exit, and how sure.

Here: the record and how a model's posterior fills it. Not here: the answer about the present month, which is the
filter's (`MacroCycleHMM.regimes`), and how forecasts are scored (`evaluation.forecasts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import dynamics
from macro_cycle.hmm.hindsight import believed_later
from macro_cycle.hmm.labels import label_positions, recession_side
from macro_cycle.hmm.revisions import RevisionSizes

if TYPE_CHECKING:
    from macro_cycle.hmm.posterior.posterior import Ahead, Posterior

HORIZON = 12
ONSETS = (3, 6, 12)
FOLLOWED = 36  # months of which the covariates' paths are followed; later they are taken as zero


@dataclass(frozen=True)
class Interval:
    """A number, and the ends of its interval at the record's level."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class MonthAhead:
    """p(z_T+h | y_1:T) of one month ahead, parameters and the covariates' paths integrated out."""

    months_ahead: int
    probabilities: Mapping[str, Interval]
    recession_probability: Interval


@dataclass(frozen=True)
class Outlook:
    """What a model says about the months after reference_month, the newest of its panel.

    level: share of the draws between low and high; n_draws: of the posterior. label: the present phase.
    recession_probability: of the reference month, the filter's answer; its band is where it may be believed to lie two
    years later, when data are revised and later months known (`hindsight.py`). All other bands hold the doubt about the
    parameters alone. months: one month ahead each,
    ascending. recession_begins: months -> probability that a recession begins within so many (one under way does not
    count). months_to_exit: expected months until the first one that is not in the present phase; months_to_turn: not on
    the present side of the cycle. warnings: what a person should know of the bands; empty when all is well.
    """

    reference_month: str
    label: str
    level: float
    n_draws: int
    recession_probability: Interval
    months: tuple[MonthAhead, ...]
    recession_begins: Mapping[int, Interval]
    months_to_exit: Interval
    months_to_turn: Interval
    warnings: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        return {**asdict(self), "recession_begins": {str(n): asdict(p) for n, p in self.recession_begins.items()}}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Outlook:
        """The outlook that `to_document` wrote; raises MacroCycleError when it cannot be read."""
        try:
            return cls(
                **{
                    **document,
                    "warnings": tuple(document.get("warnings", ())),
                    "months": tuple(_month(month) for month in document["months"]),
                    "recession_begins": {int(n): Interval(**p) for n, p in document["recession_begins"].items()},
                    **{name: Interval(**document[name]) for name in _INTERVALS},
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MacroCycleError(f"the outlook is damaged ({error}): make it again") from None


_INTERVALS = ("recession_probability", "months_to_exit", "months_to_turn")


def outlook(
    posterior: Posterior,
    panel: pd.DataFrame | np.ndarray,
    level: float = 0.9,
    revisions: RevisionSizes | None = None,
) -> Outlook:
    """The record of a posterior for a panel's newest month; revisions: of its cells, the usual ones if not given.

    Raises MacroCycleError for a level outside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise MacroCycleError(f"level is {level}: it must lie between 0 and 1")
    model, tails = posterior.model, ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    answer = model.filter(panel)
    K = model.config.n_regimes
    recession = recession_side(K)
    phase = int(label_positions(answer.filtered_probs)[-1])
    side = recession == recession[phase]

    def seen_by(draws: Ahead) -> tuple[np.ndarray, ...]:
        year = draws.transitions[..., :HORIZON, :, :]
        figures = (
            dynamics.step_ahead(draws.now, year),
            dynamics.onset_probability(draws.now, year, recession),
            dynamics.months_to_exit(*draws, np.arange(K) == phase),
            dynamics.months_to_exit(*draws, side),
        )
        return tuple(figure.mean(axis=1) for figure in figures)

    parts = zip(*map(seen_by, posterior.ahead(panel, FOLLOWED)), strict=True)
    regimes, onsets, exits, turns = map(np.concatenate, parts)
    later = believed_later(posterior, panel, revisions or RevisionSizes(), seed=model.config.seed)

    def interval(draws: np.ndarray, value: float | None = None) -> Interval:
        low, high = np.quantile(draws, tails)
        value = float(draws.mean()) if value is None else value
        return Interval(value, min(float(low), value), max(float(high), value))

    return Outlook(
        str(answer.index[-1].date()) if isinstance(answer.index, pd.DatetimeIndex) else str(answer.index[-1]),
        model.labels[phase],
        level,
        len(posterior.draws),
        interval(later, float(model.recession_probability(answer.filtered_probs[-1]))),
        tuple(
            MonthAhead(
                h + 1,
                {label: interval(regimes[:, h, j]) for j, label in enumerate(model.labels)},
                interval(regimes[:, h, recession].sum(axis=-1)),
            )
            for h in range(HORIZON)
        ),
        {n: interval(onsets[:, n - 1]) for n in ONSETS},
        interval(exits),
        interval(turns),
        posterior.warnings,
    )


def _month(document: Mapping[str, Any]) -> MonthAhead:
    return MonthAhead(
        int(document["months_ahead"]),
        {label: Interval(**interval) for label, interval in document["probabilities"].items()},
        Interval(**document["recession_probability"]),
    )
