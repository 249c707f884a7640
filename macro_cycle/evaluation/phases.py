"""What each of the four phases claims about the official chronology, and how far its record bears it out.

Here: the written definitions, one truth and one population for each phase, and the scores. Not here: how a month gets
its phase (`hmm.labels`), and the scores of the recession probability itself (`track_record`).

Expansion    true in months of expansion that are neither Peak nor the three after a trough; judged among all months.
Peak         true in months of expansion up to twelve before the month of an official peak, that one included; judged
             among months of expansion.
Contraction  true in months of recession before its last three; judged among all months.
Trough       true in the last three months of a recession and the three after it; judged among those and all months of
             recession.

The chronology dates turns of the level of activity and knows no phases; these windows are conventions, chosen before
any score was looked at, that give each name a meaning which can be wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.metrics import auroc
from macro_cycle.hmm.phases import AROUND_TROUGH, BEFORE_PEAK

PHASES = ("Expansion", "Peak", "Contraction", "Trough")
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PhaseTruth:
    """Of each month: whether the phase was true, and whether the month is judged at all."""

    true: Mask
    judged: Mask


@dataclass(frozen=True)
class PhaseScore:
    """A phase's scores over the months judged, of which `positives` were true; None where there is nothing to score.

    auroc: of its probability. precision: share of the months so labelled that were true; recall: share of the true
    months that were so labelled.
    """

    phase: str
    months: int
    positives: int
    labelled: int
    auroc: float | None
    precision: float | None
    recall: float | None


def phase_truths(
    index: pd.DatetimeIndex,
    day: pd.Timestamp,
    chronology: Chronology,
    before_peak: int = BEFORE_PEAK,
) -> Mapping[str, PhaseTruth]:
    """Truth and population of each phase for reference months (month starts), by what was settled on `day`.

    A month of expansion is judged only where the state of the `before_peak` months after it is settled too.
    """
    state = chronology.settled(index, day)
    settled = state.notna().to_numpy()
    ahead = chronology.settled(index + pd.DateOffset(months=before_peak), day).notna().to_numpy()
    low = state.eq(True).to_numpy(bool)
    high = settled & ~low
    before = [(r.peak - pd.DateOffset(months=before_peak), r.peak) for r in chronology.announced_peaks(day)]
    peak = high & _any_window(index, before)
    troughs = [r.trough for r in chronology.recessions if r.trough is not None]
    last = [(trough - pd.DateOffset(months=AROUND_TROUGH - 1), trough) for trough in troughs]
    after = [(trough, trough + pd.DateOffset(months=AROUND_TROUGH)) for trough in troughs]
    trough = (low & _any_window(index, last)) | (high & _any_window(index, after))
    known = low | (high & (ahead | peak))
    return {
        "Expansion": PhaseTruth(high & known & ~peak & ~trough, known),
        "Peak": PhaseTruth(peak, high & known),
        "Contraction": PhaseTruth(low & ~trough, known),
        "Trough": PhaseTruth(trough, low | trough),
    }


def phase_scores(
    probabilities: pd.DataFrame,
    labels: pd.Series,
    day: pd.Timestamp,
    chronology: Chronology,
    before_peak: int = BEFORE_PEAK,
) -> list[PhaseScore]:
    """Scores of each phase among the columns of `probabilities`; both are indexed by reference month."""
    index = pd.DatetimeIndex(probabilities.index)
    truths = phase_truths(index, day, chronology, before_peak)
    said = labels.to_numpy()
    named = [phase for phase in PHASES if phase in probabilities]
    return [_score(phase, probabilities[phase].to_numpy(float), said == phase, truths[phase]) for phase in named]


def changes_of_label(labels: pd.Series) -> float:
    """Share of the months (index: month starts) whose label is not that of the month before; NaN where none has one."""
    said, month = labels.to_numpy(), pd.DatetimeIndex(labels.index).to_period("M")
    follows = month[1:] == month[:-1] + 1
    return float(np.mean((said[1:] != said[:-1])[follows])) if follows.any() else float("nan")


def _score(phase: str, probability: NDArray[np.float64], said: Mask, truth: PhaseTruth) -> PhaseScore:
    true, labelled = truth.true[truth.judged], said[truth.judged]
    area = auroc(probability[truth.judged], true)
    hits = int((true & labelled).sum())
    return PhaseScore(
        phase,
        len(true),
        int(true.sum()),
        int(labelled.sum()),
        None if np.isnan(area) else area,
        hits / int(labelled.sum()) if labelled.any() else None,
        hits / int(true.sum()) if true.any() else None,
    )


def _any_window(index: pd.DatetimeIndex, windows: Sequence[tuple[pd.Timestamp, pd.Timestamp]]) -> Mask:
    inside = np.zeros(len(index), dtype=bool)
    for first, last in windows:
        inside |= (index >= first) & (index <= last)
    return inside
