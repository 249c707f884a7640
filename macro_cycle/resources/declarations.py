"""The declared phase of a month, made from what is on record: models, observations, and what was declared before.

Belongs here: which answers the rule is given. Does not belong here: the rule (`declared`), how a day is answered
(`evaluation.daily`).
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd
from pydantic_core import to_jsonable_python

from macro_cycle.declared import DailyAnswer, Declaration, Rule, Standing, follow_answers, turning_points
from macro_cycle.declared.answers import LONGEST
from macro_cycle.evaluation.daily import answer_of, answers_between
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.platform.months import as_of_day, month_before
from macro_cycle.platform.versions import document_version
from macro_cycle.records import Declared
from macro_cycle.resources.platform import Platform
from macro_cycle.training.train import Trained

ASSET = "declared_phase"
BEFORE, MODEL_BEFORE = "the month before", "the model before"
REMEMBERED = 24
"""Months for which what was declared stands where months between were never run."""


@dataclass(frozen=True)
class Known:
    """What a month's declared phase is made from.

    own: the month's model. former: that of the month before, None where it is not on record. before: what was declared
    at the newest month before, None where nothing was.
    """

    month: str
    own: Trained
    former: Trained | None
    before: Declared | None


class Declarations:
    """Makes declared phases by a rule, that of the cycle's definition by default; the history is read once."""

    def __init__(self, platform: Platform, rule: Rule | None = None) -> None:
        self._platform, self._rule = platform, rule or platform.definition.declared

    @cached_property
    def _panels(self) -> RealTimePanels:
        platform = self._platform
        return RealTimePanels(
            platform.warehouse.history(platform.features.series_ids), platform.catalog, platform.features
        )

    def made(self, known: Known, through: date | None = None) -> dict[str, Any]:
        """The fields of the record, its version included, that say what stands at the end of `through`.

        through: by default the month's last day, or today in a month that has not ended.
        """
        end = as_of_day(known.month)
        last = min(end, self._platform.clock.today()) if through is None else pd.Timestamp(through)
        days, before = self._days(known, last, end), known.before
        earlier = self._since(known) if before else _reconstructed(known.own, days)
        start = before.standing if before else Standing()
        standing, declarations = follow_answers(start, [*earlier, *days], self._rule, last.date())
        newest = declarations[-1] if declarations else before
        content = {
            "phase": standing.phase,
            "declared_on": newest.declared_on if newest else None,
            "about": newest.about if newest else None,
            "declarations": tuple(d for d in declarations if not days or before or d.declared_on >= days[0].day),
            "days": tuple(days),
            "standing": standing,
            "reconstructed": _is_reconstructed(before, declarations, days),
            "rule": self._rule,
        }
        return {**content, "through": last.date(), "version": document_version(to_jsonable_python(content))}

    def _days(self, known: Known, last: pd.Timestamp, end: pd.Timestamp) -> list[DailyAnswer]:
        """The answers of the month's days: by the model of the month before, at its end by the month's own."""
        start, own = as_of_day(month_before(known.month)), known.own
        days: list[DailyAnswer] = []
        if known.former is not None:
            until = min(last, end - pd.Timedelta(days=1))
            days = answers_between(self._panels, known.former.model, start, until)
        if last == end or (not days and known.former is None):
            days.append(answer_of(own.model, own.panel, last))
        return days

    def _since(self, known: Known) -> list[DailyAnswer]:
        """The answer at the end of the month before, where that month was still open when it was judged last."""
        end = as_of_day(month_before(known.month))
        if known.former is None or known.before is None or known.before.through >= end.date():
            return []
        return [answer_of(known.former.model, known.former.panel, end)]


def on_record(platform: Platform) -> list[Declaration]:
    """Every declaration that the cycle's months have on record, in order; reconstructed ones are not among them."""
    return [each for _, record in sorted(records_by_month(platform).items()) for each in record.declarations]


def records_by_month(platform: Platform) -> dict[str, Declared]:
    """What was declared in each month that has it on record, with the answers of its days, by partition key."""
    return platform.records.load(ASSET, Declared, platform.clock.month_keys())


def _is_reconstructed(before: Declared | None, declarations: list[Any], days: list[DailyAnswer]) -> bool:
    """Whether the phase that stands was declared before the record of days begins."""
    if before is not None:
        return before.reconstructed and not declarations
    return bool(days) and (not declarations or declarations[-1].declared_on < days[0].day)


def _reconstructed(own: Trained, days: list[DailyAnswer]) -> list[DailyAnswer]:
    """What the month's model says of earlier months, each as long after its end as the first of the days is.

    It stands in for answers that were never given, where the record begins.
    """
    if not days:
        return []
    seen = own.model.smooth(own.panel)
    filtered = own.model.recession_probability(seen.filtered_probs)
    smoothed = own.model.recession_probability(seen.smoothed_probs)
    ahead = own.model.recession_ahead(own.panel, LONGEST)
    months = pd.DatetimeIndex(own.panel.index)
    lag = pd.Timestamp(days[0].day) - (pd.Timestamp(days[0].reference_month) + pd.offsets.MonthEnd(0))
    answers = []
    for number, month in enumerate(months):
        day = (month + pd.offsets.MonthEnd(0) + lag).date()
        if day >= days[0].day:
            break
        path = tuple(map(float, filtered[max(number + 1 - LONGEST, 0) : number + 1]))
        peak, trough = turning_points(months[: number + 1], smoothed[: number + 1])
        answers.append(
            DailyAnswer(day, month.date(), path[-1], path, 1.0, peak, trough, tuple(map(float, ahead[number])))
        )
    return answers
