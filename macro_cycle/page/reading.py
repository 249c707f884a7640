"""The view model of a cycle, read from the record; what lies ahead is worked out by the model on record."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from macro_cycle.errors import NothingYetError
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.hmm.structure import ACTIVITY, LABELS, MOMENTUM, RECESSION
from macro_cycle.page.ahead import Foresight, flips_shown, unmoving, with_effects
from macro_cycle.page.contents import (
    AnswerShown,
    Contents,
    Declared,
    MonthSeen,
    Move,
    RecessionShown,
    Regime,
    Release,
)
from macro_cycle.page.knowledge import releases_due, series_known
from macro_cycle.page.timeline import Step, steps
from macro_cycle.page.words import SPACE, sentence
from macro_cycle.records import Answer
from macro_cycle.records import Declared as DeclaredRecord
from macro_cycle.resources.declarations import on_record
from macro_cycle.resources.platform import Platform


def contents(platform: Platform, foresight: Foresight | None = None) -> Contents:
    """What the page of the platform's cycle shows now; `foresight` keeps what lies ahead from one look to the next."""
    today = platform.clock.today()
    said = steps(platform.regimes.recorded())
    beside = {(made.as_of, made.version): made for made in platform.records.history("regime_labels", Answer)}
    history = platform.warehouse.history(platform.features.series_ids)
    due = releases_due(history, platform.catalog, platform.features.series_ids, today)
    answers = tuple(_answer(step, beside, due if step is said[-1] else None, today.date()) for step in said)
    ahead = (foresight or Foresight()).of(platform, answers[-1]) if answers else ()
    days = [*(answer.known_from for answer in answers[:-1]), today.date()] if answers else []
    standing = platform.records.newest("declared_phase", DeclaredRecord)
    seen = _seen_now(platform, answers)
    return Contents(
        cycle=platform.cycle,
        title=platform.definition.title,
        economy=platform.definition.economy,
        authority=platform.chronology.authority,
        today=today.date(),
        regimes=_regimes(said),
        answers=answers,
        moves=tuple(Move.model_validate(_without(document, "standard_error")) for document in platform.news.all()),
        recessions=_recessions(platform.chronology, answers, seen),
        seen_now=seen,
        releases=with_effects(due, ahead),
        flips=flips_shown(ahead),
        unmoving=unmoving(ahead),
        series=series_known(history, platform.catalog, platform.features.series_ids, days),
        declared=tuple(Declared.model_validate(vars(each)) for each in on_record(platform)),
        rule=platform.definition.declared.in_words,
        stands=standing.in_words if standing else "",
        record=_evaluated(platform),
    )


def _answer(
    step: Step, beside: Mapping[tuple[date, str], Answer], due: tuple[Release, ...] | None, today: date
) -> AnswerShown:
    """due: what is due, where the answer stands today; None of an earlier one."""
    call = step.call
    made = beside.get((call.as_of, call.data_version))
    known = made.outlook["recession_probability"] if made and made.outlook else None
    news = made is None or made.news
    day = min(call.as_of, today) if due is None else today
    return AnswerShown(
        known_from=step.known_from,
        **{name: value for name, value in vars(call).items() if name != "recorded_at"},
        news=news,
        months_behind=call.months_behind,
        computed_later=step.computed_later,
        rests_on=made.rests_on.replace(" %", f"{SPACE}%") if made and made.provenance else None,
        phases=made.phases if made and made.phases and dict(made.phases) != dict(call.probabilities) else None,
        outlook=made.outlook if made else None,
        sentence=sentence(
            call.label,
            call.recession_probability,
            (known["low"], known["high"]) if known else None,
            call.reference_month,
            day,
            news=news,
            releases=due or (),
        ),
    )


def _regimes(said: list[Step]) -> tuple[Regime, ...]:
    """The regimes of the newest answer; their corners are what the model's structure ties to each other."""
    if not said:
        return ()
    K = len(said[-1].call.probabilities)
    corners = zip(LABELS[K], ACTIVITY[K], MOMENTUM[K], strict=True)
    return tuple(Regime(label=label, activity=1 - 2 * low, momentum=1 - 2 * falling) for label, low, falling in corners)


def _recessions(
    chronology: Chronology, answers: tuple[AnswerShown, ...], seen: tuple[MonthSeen, ...]
) -> tuple[RecessionShown, ...]:
    """The recessions of the months that are drawn."""
    if not answers:
        return ()
    months = [*(answer.reference_month for answer in answers), *(each.month for each in seen)]
    first, last = pd.Timestamp(min(months)), pd.Timestamp(answers[-1].as_of)
    wait = pd.DateOffset(months=chronology.longest_wait)
    return tuple(
        RecessionShown(
            peak=each.peak.date(),
            trough=each.trough.date() if each.trough else None,
            peak_known=(each.peak_announced or each.peak + wait).date(),
            trough_known=(each.trough_announced or each.trough + wait).date() if each.trough else None,
        )
        for each in chronology.recessions
        if each.peak <= last and (each.trough is None or each.trough >= first)
    )


def _seen_now(platform: Platform, answers: tuple[AnswerShown, ...]) -> tuple[MonthSeen, ...]:
    if not answers:
        return ()
    frame = platform.regimes.load(answers[-1].as_of)
    smoothed = frame.filter(like="smoothed_")
    side = [str(smoothed.columns[position]) for position in RECESSION[smoothed.shape[1]]]
    probabilities = smoothed[side].sum(axis=1).clip(upper=1.0)
    months = pd.DatetimeIndex(frame.index)
    return tuple(MonthSeen(month=month.date(), probability=p) for month, p in zip(months, probabilities, strict=True))


def _evaluated(platform: Platform) -> dict[str, Any] | None:
    try:
        return platform.evaluations.last()
    except NothingYetError:
        return None


def _without(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}
