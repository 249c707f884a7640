"""A rule with hysteresis: two thresholds and two waits turn a daily probability into a phase that stands.

What the probability is (of the newest months or of one ahead, on which days) is said in `answers`.

On each day the newest answer stands until the next one. A contraction is declared on the day on which the standing
probability has been above `on` for `days` days; it stands until the probability by which the end is judged has been
below `off` for `off_days` days, and on that day an expansion is declared. Nothing else withdraws a declaration, and
later answers change none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from macro_cycle.errors import MacroCycleError

Phase = Literal["contraction", "expansion"]
Turns = tuple[date | None, date | None]
"""The newest peak and the newest trough that an answer sees, months."""

OTHER: dict[Phase, Phase] = {"contraction": "expansion", "expansion": "contraction"}


class Rule(BaseModel):
    """When a phase is declared: `on` and `off` are probabilities of recession, the waits calendar days.

    months: newest reference months of which the mean probability is taken. ahead: the end is judged by the probability
    of recession so many months after the newest, as foreseen; 0: by that mean as well. known: share of the features
    that must be known of the newest month. A wait of 0 declares on the day of the answer. The thresholds lie on either
    side of one half, so that a declaration never contradicts what it rests on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: float = Field(default=0.7, ge=0.5, le=1)
    days: int = Field(default=7, ge=0)
    off: float = Field(default=0.5, ge=0, le=0.5)
    off_days: int = Field(default=0, ge=0)
    months: int = Field(default=1, ge=1, le=3)
    ahead: int = Field(default=0, ge=0, le=3)
    known: float = Field(default=0.0, ge=0, le=1)

    @property
    def in_words(self) -> str:
        """The rule for readers, as what follows a colon."""
        of = "newest month" if self.months == 1 else f"{self.months} newest months"
        known = f", once {self.known:.0%} of the newest month's features are known," if self.known else ""
        begin, end = (f" for {days} days" if days else "" for days in (self.days, self.off_days))
        it = f"the one foreseen for {self.ahead} months later" if self.ahead else "it"
        return (
            f"a contraction is declared when the recession probability of the {of}{known} has been above {self.on:.0%}"
            f"{begin}, and its end when {it} has been below {self.off:.0%}{end}"
        )

    @property
    def of_the_present(self) -> "Rule":
        """The rule for answers that foresee nothing: where the end is judged ahead, it mirrors the begin instead."""
        return self.model_copy(update={"off": 1 - self.on, "ahead": 0}) if self.ahead else self

    def speaks_against(self, phase: Phase, probability: float) -> bool:
        """Whether a probability of recession is such that the declared phase would end, were it to last."""
        return probability < self.off if phase == "contraction" else probability > self.on

    def wait(self, phase: Phase) -> timedelta:
        """How long the probability must speak against the declared phase before it ends."""
        return timedelta(days=self.off_days if phase == "contraction" else self.days)


@dataclass(frozen=True)
class Declaration:
    """A phase and the day on which it was declared; `about` is the turning point before it, a month, where known.

    The turning point of a contraction is the peak, the last month of the expansion; that of an expansion the trough.
    """

    declared_on: date
    phase: Phase
    about: date | None = None


@dataclass(frozen=True)
class Standing:
    """What stands after the answers so far: all that the rule needs to go on from there.

    against_since: day since which the answers speak against the phase, without a break; None while they do not.
    turns: the turning points that the newest answer sees.
    """

    phase: Phase = "expansion"
    against_since: date | None = None
    turns: Turns = (None, None)

    def due(self, rule: Rule) -> date | None:
        """The day on which the phase ends unless an answer comes before it."""
        return None if self.against_since is None else self.against_since + rule.wait(self.phase)


def declare(
    days: Sequence[date],
    probabilities: Sequence[float],
    rule: Rule,
    turns: Sequence[Turns] | None = None,
    until: date | None = None,
    ends: Sequence[float] | None = None,
) -> list[Declaration]:
    """What the rule declares from answers in order, the first after an expansion.

    days: of the answers, ascending. probabilities: of recession. turns: the turning points that each answer sees.
    until: the last day judged, by default that of the last answer. ends: the probabilities by which the end is judged,
    where they are others; none may speak for an end on a day that speaks for a begin.

    Raises:
        MacroCycleError: days are not ascending, a probability is none, or the lengths differ.
    """
    return follow(Standing(), days, probabilities, rule, turns, until, ends)[1]


def follow(
    standing: Standing,
    days: Sequence[date],
    probabilities: Sequence[float],
    rule: Rule,
    turns: Sequence[Turns] | None = None,
    until: date | None = None,
    ends: Sequence[float] | None = None,
) -> tuple[Standing, list[Declaration]]:
    """As `declare`, from what stood before the first of the answers; and what stands after the last day judged."""
    declarations: list[Declaration] = []
    for day, begin, end, seen in _answers(days, probabilities, probabilities if ends is None else ends, turns, until):
        standing = _settled(standing, day - timedelta(days=1), rule, declarations)
        against = rule.speaks_against(standing.phase, end if standing.phase == "contraction" else begin)
        since = (standing.against_since or day) if against else None
        standing = _settled(replace(standing, against_since=since, turns=seen), day, rule, declarations)
    if until is not None:
        standing = _settled(standing, _day(until), rule, declarations)
    return standing, declarations


def _settled(standing: Standing, day: date, rule: Rule, declarations: list[Declaration]) -> Standing:
    """What stands at the end of `day` when no answer came since; a declaration that this made is added."""
    due = standing.due(rule)
    if due is None or due > day:
        return standing
    phase = OTHER[standing.phase]
    declarations.append(Declaration(due, phase, standing.turns[0 if phase == "contraction" else 1]))
    return Standing(phase, None, standing.turns)


def _answers(
    days: Sequence[date],
    begins: Sequence[float],
    ends: Sequence[float],
    turns: Sequence[Turns] | None,
    until: date | None,
) -> Iterator[tuple[date, float, float, Turns]]:
    """The answers, once they are seen to be in order."""
    if not len(days) == len(begins) == len(ends) == len(days if turns is None else turns):
        raise MacroCycleError(f"{len(days)} days have {len(begins)} probabilities: give one for each, and turns")
    told = [_day(day) for day in days]
    if any(later <= earlier for earlier, later in pairwise(told)):
        raise MacroCycleError("the days of the answers are not ascending: sort them, one answer a day")
    if told and until is not None and _day(until) < told[-1]:
        raise MacroCycleError(f"an answer is later than the last day judged, {until}: leave it out")
    for day, *said in zip(told, begins, ends, strict=True):
        if not all(0 <= probability <= 1 for probability in said):
            raise MacroCycleError(f"the answer of {day} is no probability")
    yield from zip(told, begins, ends, [(None, None)] * len(told) if turns is None else turns, strict=True)


def _day(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day
