"""The answer of a day as the rule takes it: which days speak, and what they say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from macro_cycle.declared.rule import Declaration, Rule, Standing, Turns, follow

LONGEST = 3


@dataclass(frozen=True)
class DailyAnswer:
    """What was said on a day of the newest reference month.

    recession_probability: of the newest month, filtered. path: smoothed probabilities of the last `LONGEST` months, the
    newest last. known: share of the features known of the newest month. peak, trough: as `turning_points` gives them.
    """

    day: date
    reference_month: date
    recession_probability: float
    path: tuple[float, ...]
    known: float
    peak: date | None
    trough: date | None


def evidence(answers: Iterable[DailyAnswer], rule: Rule) -> tuple[list[date], list[float], list[Turns]]:
    """Days of the answers that speak, the mean probability of the newest `rule.months` months on each, turning points.

    A day does not speak while too little is known of its newest month: what was said before stands.
    """
    spoken = [answer for answer in answers if answer.known >= rule.known]
    means = [sum(answer.path[-rule.months :]) / len(answer.path[-rule.months :]) for answer in spoken]
    return [a.day for a in spoken], means, [(a.peak, a.trough) for a in spoken]


def follow_answers(
    standing: Standing, answers: Sequence[DailyAnswer], rule: Rule, until: date | None = None
) -> tuple[Standing, list[Declaration]]:
    """What the rule declares from answers in order, and what stands after them (`rule.follow`)."""
    days, means, turns = evidence(answers, rule)
    return follow(standing, days, means, rule, turns, until)
