"""How well the calls dated the cycle, beside what anybody could have said without the model.

Every score is of the newest reference month at a month end. A reference month is scored once, at the first month end
that answered about it, and once its state is settled: by an announcement, or as an expansion because long enough has
passed without one (`Chronology.settled`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.evaluation import metrics
from macro_cycle.evaluation.chronology import Chronology, Recession
from macro_cycle.evaluation.coverage import Coverage, Stretch, in_record
from macro_cycle.evaluation.timeliness import Span

BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)
FEWEST_MONTHS = 24


@dataclass(frozen=True)
class Record:
    """One forecaster's answers: `scores` has index as-of month (month starts, ascending), reference_month, score.

    Month ends without new data are not in it: an answer repeated for want of data is no new call.
    coverage: the months that it covers, by default those of its scores. threshold: a recession is called above it.
    probability: whether scores are probabilities. days: the same by day of
    news, where it was asked on days. spans: the contractions that it declared. source: where it was published. note:
    what a reader must know of it.
    """

    name: str
    title: str
    scores: pd.DataFrame
    threshold: float = 0.5
    probability: bool = True
    days: pd.DataFrame | None = None
    spans: tuple[Span, ...] | None = None
    source: str = ""
    note: str = ""
    coverage: Coverage | None = None

    @property
    def covered(self) -> Coverage:
        """What the record covers."""
        if self.coverage is not None:
            return self.coverage
        known = self.scores[np.isfinite(self.scores["score"])]
        return Coverage.of(pd.DatetimeIndex(known.index), pd.DatetimeIndex(known["reference_month"]))


@dataclass(frozen=True)
class Figures:
    """The figures of one record over its settled months; None where there is nothing to compute it from.

    months: distinct reference months, each scored at its first answer.
    log_score: mean log probability of what happened, in nats, probabilities held 0.0001 away from 0 and 1.
    false_alarms: share of expansion months above the threshold. called: recessions with two running month ends above
    it, of the `recessions` in the record; slowest_call: most month ends after a recession's first month.
    """

    name: str
    title: str
    months: int
    auroc: float | None
    brier: float | None
    false_alarms: float | None
    recessions: int
    called: int
    slowest_call: float | None
    log_score: float | None = None


def figures(record: Record, day: pd.Timestamp, chronology: Chronology) -> Figures:
    """The record's figures by what was settled on `day`."""
    settled = settled_scores(record.scores, day, chronology)
    score, recession = settled["score"], settled["recession"].to_numpy(bool)
    months = len(settled)
    enough = months >= FEWEST_MONTHS
    delays = pd.Series([_delay(record, *each) for each in in_record(record.covered, chronology, day)], dtype=float)
    return Figures(
        name=record.name,
        title=record.title,
        months=months,
        auroc=_known(metrics.auroc(score, recession)) if enough else None,
        brier=_known(metrics.brier(score, recession)) if enough and record.probability else None,
        log_score=_known(metrics.log_score(score, recession)) if enough and record.probability else None,
        false_alarms=_known(metrics.false_alarm_share(score, recession, record.threshold)) if enough else None,
        recessions=len(delays),
        called=int(delays.notna().sum()),
        slowest_call=_known(delays.max()) if len(delays) else None,
    )


def settled_scores(scores: pd.DataFrame, day: pd.Timestamp, chronology: Chronology) -> pd.DataFrame:
    """The first score about each month settled on `day`, with the column `recession` (bool); none that is no number."""
    known = scores[np.isfinite(scores["score"])].drop_duplicates("reference_month")
    state = chronology.settled(pd.DatetimeIndex(known["reference_month"]), day)
    return known.assign(recession=state.to_numpy()).dropna(subset="recession")


def dates_of_calls(record: Record, day: pd.Timestamp, chronology: Chronology) -> list[dict[str, Any]]:
    """For each recession in the record: its months and announcements, and the days of the record's calls.

    A call is the second of two running month ends above (for the end: at or below) the threshold; days are month ends.
    end_in_record: whether the record covers the months about the end too.
    """
    return [_dated(record, *each) for each in in_record(record.covered, chronology, day)]


def calibration(record: Record, day: pd.Timestamp, chronology: Chronology) -> list[dict[str, float]]:
    """For each bin of the probability: months, mean probability and share of recession months."""
    settled = settled_scores(record.scores, day, chronology)
    place = np.digitize(settled["score"], BINS[1:-1])
    bins = ((number, settled[place == number]) for number in range(len(BINS) - 1))
    return [
        {
            "from": BINS[number],
            "to": BINS[number + 1],
            "months": len(inside),
            "probability": float(inside["score"].mean()),
            "recession_share": float(inside["recession"].astype(float).mean()),
        }
        for number, inside in bins
        if len(inside)
    ]


def evaluation(
    model: Record, rivals: Sequence[Record], label_changes: pd.Series, day: pd.Timestamp, chronology: Chronology
) -> dict[str, Any]:
    """Everything above in one JSON-able document; `label_changes` are shares by month end."""
    changes = label_changes.dropna()
    return {
        "day": f"{day:%Y-%m-%d}",
        "authority": chronology.authority,
        "first_as_of": f"{model.scores.index[0]:%Y-%m}",
        "last_as_of": f"{model.scores.index[-1]:%Y-%m}",
        "figures": [asdict(figures(record, day, chronology)) for record in (model, *rivals)],
        "recessions": dates_of_calls(model, day, chronology),
        "calibration": calibration(model, day, chronology),
        "label_changes": {
            "month_ends": len(changes),
            "median": _known(changes.median()),
            "mean": _known(changes.mean()),
            "largest": _known(changes.max()),
        },
    }


def _scores(record: Record, stretch: Stretch) -> pd.Series:
    return record.scores["score"][stretch.first : stretch.last]


def _delay(record: Record, recession: Recession, stretch: Stretch) -> float:
    return float(metrics.call_delays(_scores(record, stretch), [recession], record.threshold).iloc[0])


def _dated(record: Record, recession: Recession, stretch: Stretch) -> dict[str, Any]:
    score = _scores(record, stretch)
    trough = recession.trough or stretch.last
    ends = recession.trough is not None and stretch.holds(recession.trough)
    began = metrics.calls(score, record.threshold)[recession.first_month : trough + pd.DateOffset(years=1)]
    ended = metrics.calls(-score, -record.threshold)[trough + pd.DateOffset(months=1) :]
    return {
        "first_month": f"{recession.first_month:%Y-%m}",
        "last_month": f"{recession.trough:%Y-%m}" if recession.trough else "today",
        **_beside("begin", _first(began), recession.peak_announced),
        **_beside("end", _first(ended) if ends else None, recession.trough_announced),
        "end_in_record": ends,
    }


def _beside(what: str, called: pd.Timestamp | None, announced: pd.Timestamp | None) -> dict[str, Any]:
    """The day of a call, the day of the announcement, and by how many days the call came first."""
    earlier = (announced - called).days if called is not None and announced is not None else None
    days = {f"{what}_called": called, f"{what}_announced": announced}
    return {**{k: f"{v:%Y-%m-%d}" if v is not None else None for k, v in days.items()}, f"{what}_days_ahead": earlier}


def _first(called: pd.Series) -> pd.Timestamp | None:
    return pd.DatetimeIndex(called.index[called])[0] + pd.offsets.MonthEnd(0) if called.any() else None


def _known(value: float) -> float | None:
    """The number, or None for what JSON has no word for."""
    return float(value) if np.isfinite(value) else None
