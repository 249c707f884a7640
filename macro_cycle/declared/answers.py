"""The answer of a day as the rule takes it: which days speak, and what they say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from macro_cycle.declared.rule import Declaration, Rule, Standing, Turns, follow
from macro_cycle.errors import MacroCycleError

LONGEST = 3


@dataclass(frozen=True)
class DailyAnswer:
    """What was said on a day of the newest reference month.

    recession_probability: of the newest month, filtered. path: smoothed probabilities of the last `LONGEST` months, the
    newest last. known: share of the features known of the newest month. peak, trough: as `turning_points` gives them.
    ahead: probabilities of recession 1, ..., `LONGEST` months after the newest, as foreseen; empty in older records.
    """

    day: date
    reference_month: date
    recession_probability: float
    path: tuple[float, ...]
    known: float
    peak: date | None
    trough: date | None
    ahead: tuple[float, ...] = ()

    def begin(self, rule: Rule) -> float:
        """The mean probability of the newest `rule.months` months, where the newest is itself above one half.

        Else that of the newest: months behind which the contraction may have ended do not begin one.
        """
        newest = self.path[-rule.months :]
        return sum(newest) / len(newest) if newest[-1] > 0.5 else newest[-1]

    def end(self, rule: Rule) -> float:
        """The probability `rule.ahead` months after the newest, where the newest is itself below one half.

        Else that of the newest, so that no end is declared of what most likely goes on. Without a month ahead, the mean
        probability of the newest `rule.months` months.

        Raises:
            MacroCycleError: the answer foresees no month so far ahead.
        """
        if not rule.ahead:
            newest = self.path[-rule.months :]
            return sum(newest) / len(newest)
        if len(self.ahead) < rule.ahead:
            raise MacroCycleError(
                f"the answer of {self.day} foresees no month {rule.ahead} months ahead: run its month again"
            )
        return self.ahead[rule.ahead - 1] if self.path[-1] < 0.5 else self.path[-1]


@dataclass(frozen=True)
class Evidence:
    """What the answers say to a rule: days that speak; what a begin and an end are judged by; turning points seen."""

    days: list[date]
    begins: list[float]
    ends: list[float]
    turns: list[Turns]


def evidence(answers: Iterable[DailyAnswer], rule: Rule) -> Evidence:
    """What answers in order say to the rule.

    A day does not speak while too little is known of its newest month: what was said before stands.
    """
    spoken = [answer for answer in answers if answer.known >= rule.known]
    return Evidence(
        [answer.day for answer in spoken],
        [answer.begin(rule) for answer in spoken],
        [answer.end(rule) for answer in spoken],
        [(answer.peak, answer.trough) for answer in spoken],
    )


def follow_answers(
    standing: Standing, answers: Sequence[DailyAnswer], rule: Rule, until: date | None = None
) -> tuple[Standing, list[Declaration]]:
    """What the rule declares from answers in order, and what stands after them (`rule.follow`)."""
    said = evidence(answers, rule)
    return follow(standing, said.days, said.begins, rule, said.turns, until, said.ends)
