"""How long after a turning point its phase was declared, and what was declared that no turning point bears out.

One definition serves days, months and quarters: they are counted from the end of the turning point's month to the day
of the declaration. Here: matching declarations to a chronology, and their summary. Not here: the rule that declares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from macro_cycle.evaluation.chronology import Chronology, Recession
from macro_cycle.evaluation.coverage import Coverage, Stretch, in_record

Turn = Literal["peak", "trough"]
EARLIEST = pd.DateOffset(months=6)
LATEST = pd.DateOffset(months=6)


@dataclass(frozen=True)
class Span:
    """A contraction as declared: `ended` is None while it stands."""

    begun: date
    ended: date | None = None


@dataclass(frozen=True)
class DeclaredTurn:
    """A turning point beside its declaration (None: none) and its announcement by the authority (None: not dated).

    days: from the last day of the turning point's month to the declaration, negative where it came before. months,
    quarters: ends of months and of quarters between the two. announced_days: as `days`, of the announcement.
    """

    turn: Turn
    month: date
    declared_on: date | None
    announced_on: date | None
    days: int | None
    months: int | None
    quarters: int | None
    announced_days: int | None


@dataclass(frozen=True)
class Delay:
    """Of the turning points of one kind: how many, how many were declared, and how long that took.

    days, sd (of the sample; None with fewer than two), worst: in days. months, quarters: means. announced_days: mean of
    the authority's.
    """

    turn: Turn
    turning_points: int
    declared: int
    days: float | None
    sd: float | None
    worst: int | None
    months: float | None
    quarters: float | None
    announced_days: float | None


@dataclass(frozen=True)
class Timeliness:
    """Declarations beside the chronology.

    false_alarms: contractions declared that no recession bears out, such as one that was over before the peak's month
    had ended. early: those declared before it had ended that stood when it did. reversals: days in a recession, already
    declared, on which its end was declared before the trough's month had ended. unsettled: contractions about which the
    authority cannot have spoken yet.
    """

    turns: tuple[DeclaredTurn, ...]
    false_alarms: tuple[Span, ...]
    early: tuple[Span, ...]
    reversals: tuple[date, ...]
    unsettled: tuple[Span, ...]

    def delay(self, turn: Turn) -> Delay:
        """The summary of all peaks, or of all troughs."""
        asked = [each for each in self.turns if each.turn == turn]
        found = [each for each in asked if each.days is not None]
        days = np.array([each.days for each in found], float)
        return Delay(
            turn,
            len(asked),
            len(found),
            float(days.mean()) if len(days) else None,
            float(days.std(ddof=1)) if len(days) > 1 else None,
            int(days.max()) if len(days) else None,
            _mean([each.months for each in found]),
            _mean([each.quarters for each in found]),
            _mean([each.announced_days for each in asked if each.announced_days is not None]),
        )


def timeliness(spans: Sequence[Span], chronology: Chronology, coverage: Coverage, day: pd.Timestamp) -> Timeliness:
    """Contractions declared in the months covered, beside the recessions in the record that were settled on `day`.

    A contraction belongs to a recession if it began in the six months before the end of the peak's month and stood at
    that end, or began between it and the end of the trough's, or, where no other does, in the six months after that.
    A recession counts as declared where the same stretch of months holds its peak and the declaration; one under way
    where a stretch begins is not asked about, and contractions that belong to it are no false alarms.
    """
    matched, alarms = _matched(spans, chronology)
    asked = [(r, s, _within(s, matched.get(r.peak, []))) for r, s in in_record(coverage, chronology, day)]
    turns = [turn for recession, stretch, found in asked for turn in _turns(recession, stretch, found, day)]
    reversals = [on for recession, _, found in asked for on in _reversals(recession, found)]
    early = [s for recession, _, found in asked for s in found if pd.Timestamp(s.begun) <= _end(recession.peak)]
    settled = chronology.settled(pd.DatetimeIndex([_month(span.begun) for span in alarms]), day).notna().to_numpy()
    return Timeliness(
        tuple(turns),
        tuple(span for span, known in zip(alarms, settled, strict=True) if known),
        tuple(early),
        tuple(reversals),
        tuple(span for span, known in zip(alarms, settled, strict=True) if not known),
    )


def spans_above(days: Sequence[date], scores: Sequence[float], threshold: float) -> list[Span]:
    """Contractions of a rule that calls one on each day on which its score exceeds a threshold."""
    return spans_of([(day, score > threshold) for day, score in zip(days, scores, strict=True) if np.isfinite(score)])


def spans_of(declared: Sequence[tuple[date, bool]]) -> list[Span]:
    """Spans of declarations in order, each a day and whether it is of a contraction; the first may be of either."""
    spans: list[Span] = []
    for day, contraction in declared:
        if contraction and (not spans or spans[-1].ended is not None):
            spans.append(Span(day))
        elif not contraction and spans and spans[-1].ended is None:
            spans[-1] = Span(spans[-1].begun, day)
    return spans


def _matched(spans: Sequence[Span], chronology: Chronology) -> tuple[dict[pd.Timestamp, list[Span]], list[Span]]:
    """Peak -> contractions that belong to its recession; and those that belong to none."""
    matched: dict[pd.Timestamp, list[Span]] = {}
    alone = []
    for span in spans:
        own = next((r for r in chronology.recessions if _belongs(span, r, r.peak in matched)), None)
        if own is None:
            alone.append(span)
        else:
            matched.setdefault(own.peak, []).append(span)
    return matched, alone


def _belongs(span: Span, recession: Recession, found: bool) -> bool:
    """`found`: whether another contraction belongs to the recession, so that one after its trough is a new one."""
    begun, latest = pd.Timestamp(span.begun), pd.DateOffset(months=0) if found else LATEST
    if begun < _end(recession.peak) - EARLIEST or _is_over(span, _end(recession.peak)):
        return False
    return recession.trough is None or begun <= _end(recession.trough) + latest


def _is_over(span: Span, day: pd.Timestamp) -> bool:
    return span.ended is not None and pd.Timestamp(span.ended) <= day


def _within(stretch: Stretch, spans: Sequence[Span]) -> list[Span]:
    return [span for span in spans if stretch.first <= pd.Timestamp(span.begun) <= stretch.last]


def _turns(recession: Recession, stretch: Stretch, spans: Sequence[Span], day: pd.Timestamp) -> Iterator[DeclaredTurn]:
    yield _turn("peak", recession.peak, spans[0].begun if spans else None, recession.peak_announced)
    settled = recession.trough_announced is None or recession.trough_announced <= day
    if recession.trough is not None and settled and stretch.holds(recession.trough):
        ended = _last_end(recession, spans)
        yield _turn("trough", recession.trough, ended, recession.trough_announced)


def _last_end(recession: Recession, spans: Sequence[Span]) -> date | None:
    """The end of the contraction that stood when the trough's month ended, or of the last one before."""
    before = [span for span in spans if recession.trough is None or pd.Timestamp(span.begun) <= _end(recession.trough)]
    last = before or list(spans[:1])
    return last[-1].ended if last else None


def _reversals(recession: Recession, spans: Sequence[Span]) -> Iterator[date]:
    for span in spans:
        if span.ended is not None and (recession.trough is None or _is_over(span, _end(recession.trough))):
            yield span.ended


def _turn(turn: Turn, month: pd.Timestamp, declared: date | None, announced: pd.Timestamp | None) -> DeclaredTurn:
    end = _end(month)
    on = None if declared is None else pd.Timestamp(declared)
    return DeclaredTurn(
        turn,
        month.date(),
        declared,
        None if announced is None else announced.date(),
        None if on is None else (on - end).days,
        None if on is None else _number(on, "M") - _number(end, "M"),
        None if on is None else _number(on, "Q") - _number(end, "Q"),
        None if announced is None else (announced - end).days,
    )


def _number(day: pd.Timestamp, frequency: str) -> int:
    return day.to_period(frequency).ordinal


def _end(month: pd.Timestamp) -> pd.Timestamp:
    return month + pd.offsets.MonthEnd(0)


def _month(day: date) -> pd.Timestamp:
    return pd.Timestamp(day).to_period("M").to_timestamp()


def _mean(values: Sequence[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
