"""The promotion gate: whether a challenger may serve in the champion's place.

Every condition is a figure beside its limit. Conditions that need a champion, or a record of settled months, are not
asked where there is none; what was not asked is said in the verdict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from macro_cycle.evaluation.track_record import Figures

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig, MacroCycleHMM

SCORED_MONTHS = 36
WALKED_MONTHS = 24
TOLERATED_LOSS = 0.25
TOLERATED_BASIN_GAP = 1.0
REQUIRED_AGREEMENT = 0.9
FEWEST_SETTLED = 120
TOLERATED_AUROC_LOSS = 0.005
TOLERATED_BRIER_LOSS = 0.005
DISAGREES = "it disagrees with the champion about the past; a regime may have changed its meaning"


@dataclass(frozen=True)
class Condition:
    """One thing asked of a challenger: `figure` must be at least (or at most) `limit`."""

    name: str
    figure: float
    limit: float
    at_least: bool
    otherwise: str

    @property
    def holds(self) -> bool:
        """Whether the figure keeps to the limit; NaN never does."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


@dataclass(frozen=True)
class Evidence:
    """Real-time records by what had been announced on the day of judgement.

    challenger, champion: records of their configurations (None: no champion, or it has the same one); rivals: of the
    rules that need no model; source: where the challenger's record is from.
    """

    challenger: Figures
    champion: Figures | None
    rivals: Sequence[Figures]
    source: str


@dataclass(frozen=True)
class Verdict:
    """Promote or refuse, with every figure that was weighed, what was not asked and, when refused, why."""

    promote: bool
    reasons: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    not_asked: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)


def judge(
    challenger: "MacroCycleHMM",
    champion: "MacroCycleHMM | None",
    panel: pd.DataFrame,
    evidence: Evidence | None = None,
) -> Verdict:
    """The challenger against the champion on the same panel, and its record against rules that need no model."""
    conditions, not_asked = list(_of_the_fit(challenger, panel)), []
    if champion is None:
        not_asked.append("comparison with a champion: there is none")
    elif champion.columns != challenger.columns:
        not_asked.append("log score and agreement with the champion: it has other features")
    else:
        conditions += _against_champion(challenger, champion, panel)
    if evidence is None or evidence.challenger.auroc is None or evidence.challenger.months < FEWEST_SETTLED:
        not_asked.append(f"the record in real time: fewer than {FEWEST_SETTLED} month ends about settled months")
    else:
        conditions += _of_the_record(evidence)
    failed = tuple(f"{c.otherwise} ({c.name} {c.figure:.4g}, limit {c.limit:.4g})" for c in conditions if not c.holds)
    figures = {c.name: c.figure for c in conditions}
    return Verdict(not failed, failed, tuple(conditions), tuple(not_asked), figures)


def _of_the_fit(challenger: "MacroCycleHMM", panel: pd.DataFrame) -> Iterator[Condition]:
    converged = float(challenger.convergence.converged)
    yield Condition("converged", converged, 1, True, "the training did not converge; raise max_iter")
    score = log_score(challenger, panel)
    yield Condition("log_score", score, -np.inf, True, "the log score is not a number")


def _against_champion(
    challenger: "MacroCycleHMM", champion: "MacroCycleHMM", panel: pd.DataFrame
) -> Iterator[Condition]:
    loss = log_score(champion, panel) - log_score(challenger, panel)
    yield Condition("log_score_loss", loss, TOLERATED_LOSS, False, "it foresees the last months worse")
    if challenger.config == champion.config:
        gap = _basin_gap(challenger, champion, panel)
        yield Condition("basin_gap", gap, TOLERATED_BASIN_GAP, False, "a start at the champion finds a better fit")
    else:
        walked = [walk_forward_log_score(model.config, panel) for model in (challenger, champion)]
        worse = "its configuration foresees worse, month by month"
        yield Condition("walk_forward_loss", walked[1] - walked[0], TOLERATED_LOSS, False, worse)
    yield from _meaning(challenger, champion, panel)


def _meaning(challenger: "MacroCycleHMM", champion: "MacroCycleHMM", panel: pd.DataFrame) -> Iterator[Condition]:
    """Whether the same names still mean the same regimes."""
    from macro_cycle.hmm.identity import LEAST_CONFIDENCE, match_regimes

    sides = [model.recession_probability(model.filter(panel).filtered_probs) > 0.5 for model in (challenger, champion)]
    yield Condition("recession_agreement", float(np.mean(sides[0] == sides[1])), REQUIRED_AGREEMENT, True, DISAGREES)
    if challenger.labels != champion.labels:
        return
    labels = float(np.mean(challenger.predict(panel) == champion.predict(panel)))
    yield Condition("label_agreement", labels, REQUIRED_AGREEMENT, True, DISAGREES)
    matching = match_regimes(champion, challenger)
    yield Condition("names_kept", float(matching.names_kept), 1, True, "a name has passed to another regime")
    doubt = "another pairing of the regimes is nearly as good"
    yield Condition("matching_confidence", matching.confidence, LEAST_CONFIDENCE, True, doubt)


def _of_the_record(evidence: Evidence) -> Iterator[Condition]:
    mine = evidence.challenger
    assert mine.auroc is not None
    assert mine.brier is not None
    for rival in evidence.rivals:
        beaten = f"in real time the {rival.title} does better"
        if rival.auroc is not None:
            yield Condition(f"auroc_above_{rival.name}", mine.auroc - rival.auroc, 0, True, beaten)
        if rival.brier is not None:
            yield Condition(f"brier_below_{rival.name}", rival.brier - mine.brier, 0, True, beaten)
    yield Condition("auroc", mine.auroc, 0.5, True, "its record is no better than chance")
    yield Condition("brier", mine.brier, 0.25, False, "its record is no better than chance")
    former = evidence.champion
    if former is not None and former.auroc is not None and former.brier is not None:
        worse = "its record in real time is worse than the champion's"
        yield Condition("auroc_loss", former.auroc - mine.auroc, TOLERATED_AUROC_LOSS, False, worse)
        yield Condition("brier_loss", mine.brier - former.brier, TOLERATED_BRIER_LOSS, False, worse)


def log_score(model: "MacroCycleHMM", panel: pd.DataFrame, months: int = SCORED_MONTHS) -> float:
    """Mean predictive log density (nats a month) of the panel's last months, in the panel's units."""
    return float(np.mean(model.log_scores(panel)[-months:]))


def walk_forward_log_score(config: "HMMConfig", panel: pd.DataFrame, months: int = WALKED_MONTHS) -> float:
    """Mean log density of each of the last months under a model estimated on the months before it, panel's units."""
    from macro_cycle.hmm import fit_windows

    ends = range(len(panel) - months, len(panel))
    models = fit_windows([panel.iloc[:end] for end in ends], config, chain=False)
    ahead = [log_score(model, panel.iloc[: end + 1], months=1) for model, end in zip(models, ends, strict=True)]
    return float(np.mean(ahead))


def _basin_gap(challenger: "MacroCycleHMM", champion: "MacroCycleHMM", panel: pd.DataFrame) -> float:
    """What a start at the champion's parameters finds beyond the challenger's objective, in nats; at least 0."""
    from macro_cycle.hmm import MacroCycleHMM

    warm = MacroCycleHMM(challenger.config).fit(panel, warm_start=champion.parameters)
    return max(warm.convergence.objective - challenger.convergence.objective, 0.0)
