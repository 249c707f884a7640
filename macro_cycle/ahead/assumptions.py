"""Assumed prints as people write them: `PAYEMS=-150`, `UNRATE@2026-11=4.6`, `INDPRO=percent:-0.4`.

A bare number means what people mean by a new value of that series, which the catalogue says (`usual_print`): payrolls
change by so many thousand, unemployment is at so many percent, production changes by so many percent. `level:`,
`change:` and `percent:` say it outright. Nothing is guessed: a bare number that cannot be meant so is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from macro_cycle.ahead.releases import next_release
from macro_cycle.ahead.scenario import Scenario, first_day, month_text
from macro_cycle.errors import UsageError
from macro_cycle.features.hypothetical import Print
from macro_cycle.observations.calendar import frequency_of
from macro_cycle.observations.catalog import SeriesSpec, UsualPrint
from macro_cycle.observations.frequencies import Frequency, month_number, months_per_period
from macro_cycle.platform.months import parse

FORM = re.compile(
    r"(?P<series>[^=@]+)(@(?P<month>[^=]*))?=((?P<means>level|change|percent):)?(?P<number>[^=%]+)(?P<sign>%?)",
    re.ASCII,
)
HOW = (
    "write it as SERIES=NUMBER or SERIES@YYYY-MM=NUMBER, and level:, change: or percent: before the number to say what"
)
LARGEST_MOVE = 0.5
"""Share of the last value beyond which a bare number is taken for a slip."""
LARGEST_RATIO = 100.0
"""Times the last value, or its share, beyond which no series without bounds of its own goes in one period."""


@dataclass(frozen=True)
class Assumption:
    """A print that is assumed: of a series and month (None: the next one), meant as level, change or percent change.

    outright: whether the text said what it means, rather than the catalogue.
    """

    series_id: str
    month: int | None
    means: UsualPrint
    number: float
    outright: bool
    text: str


@dataclass(frozen=True)
class Assumed:
    """An assumption taken up.

    month: number of the month in which its period stands. value: the level that is assumed of the period; of a weekly
    or daily series of each date that its month still lacks. before: the value of the period before. published: the one
    that is known of the period and that the assumption replaces; None where none is.
    """

    assumption: Assumption
    month: int
    value: float
    before: float
    published: float | None
    prints: tuple[Print, ...]


def read_assumption(text: str, scenario: Scenario, month: str | None = None) -> Assumption:
    """The assumption that a text stands for; `month` YYYY-MM is that of one which names none.

    Raises:
        UsageError: it can be read in no way or in several; the line says how to write it.
    """
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no assumption: {HOW}")
    series_id = scenario.catalog.canonical_id(found["series"].strip())
    if series_id not in scenario.panels.series_ids:
        known = ", ".join(scenario.panels.series_ids)
        raise UsageError(f"{text!r}: the model sees no series {series_id}; it sees {known}")
    spec, named = scenario.catalog.spec(series_id), found["month"] if found["month"] is not None else month
    return Assumption(
        series_id,
        None if named is None else int(month_number(pd.DatetimeIndex([parse(named)]))[0]),
        _meaning(spec, found["means"], bool(found["sign"]), text),
        _number(found["number"], text),
        bool(found["means"] or found["sign"]),
        text,
    )


def assume(assumptions: Sequence[Assumption], scenario: Scenario) -> list[Assumed]:
    """The prints of all assumptions; a change is one from the period before, assumed or known.

    Raises:
        UsageError: an assumption is given twice, follows on a period that is not known, or cannot be meant.
    """
    levels: dict[tuple[str, int], float] = {}
    made = []
    for month, each in sorted(((_month(each, scenario), each) for each in assumptions), key=lambda pair: pair[0]):
        if (each.series_id, month) in levels:
            raise UsageError(f"{each.series_id} of {month_text(month)} is assumed twice; keep one")
        made.append(_assumed(each, month, scenario, levels))
    return made


def _month(each: Assumption, scenario: Scenario) -> int:
    """Number of the month in which the period stands that holds the assumption's month."""
    release = next_release(scenario, each.series_id)
    if each.month is None:
        return release.month
    step = months_per_period(_frequency(each.series_id, scenario))
    return (each.month // step + 1) * step - 1


def _assumed(each: Assumption, month: int, scenario: Scenario, levels: dict[tuple[str, int], float]) -> Assumed:
    """The assumption on top of those of earlier periods, whose period values are `levels`; its own is added."""
    spec, frequency = scenario.catalog.spec(each.series_id), _frequency(each.series_id, scenario)
    step = months_per_period(frequency)
    months, values = scenario.panels.periods(each.series_id)
    known = dict(zip(months.tolist(), values.tolist(), strict=True)) | {
        at: value for (series_id, at), value in levels.items() if series_id == each.series_id
    }
    before, published = known.get(month - step, np.nan), known.get(month, np.nan)
    if np.isnan(before):
        raise UsageError(
            f"{each.text}: {each.series_id} of {month_text(month - step)}, the period before, is not known; assume it "
            f"too, as {each.series_id}@{month_text(month - step)}=NUMBER, or choose an earlier --month"
        )
    release = next_release(scenario, each.series_id)
    if frequency not in ("D", "W"):
        release = replace(release, periods=(first_day(month - step + 1),), published=(), month=month)
    elif month != release.month:
        raise UsageError(
            f"{each.text}: of {each.series_id}, whose weeks or days make a month, only {month_text(release.month)} "
            f"can be assumed, the first month that is not complete"
        )
    whole = before + each.number if each.means == "change" else before * (1.0 + each.number / 100.0)
    value = each.number if each.means == "level" else release.print_of(whole)
    _refuse_slips(each, value, before, spec)
    levels[each.series_id, month] = release.period_value(value)
    return Assumed(each, month, value, before, None if np.isnan(published) else published, release.prints(value))


def _frequency(series_id: str, scenario: Scenario) -> Frequency:
    return frequency_of(scenario.panels.dates(series_id), scenario.catalog.spec(series_id))


def _meaning(spec: SeriesSpec, said: str | None, percent: bool, text: str) -> UsualPrint:
    if percent:
        if said not in (None, "percent"):
            raise UsageError(f"{text!r} says both {said} and %; keep one")
        return "percent"
    if said is not None:
        return cast(UsualPrint, said)
    if spec.usual_print is not None:
        return spec.usual_print
    raise UsageError(
        f"{text!r} may be a level, a change or a percentage: the catalogue does not say how people speak of "
        f"{spec.series_id}; {HOW}"
    )


def _number(text: str, whole: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise UsageError(f"{whole!r}: {text.strip()!r} is no number")
    return number


def _refuse_slips(each: Assumption, value: float, before: float, spec: SeriesSpec) -> None:
    """Raise for a value that the series cannot have, and for a bare number that can hardly be meant."""
    low, high = spec.bounds or (-np.inf, np.inf)
    if spec.bounds is None and before > 0:
        low, high = before / LARGEST_RATIO, before * LARGEST_RATIO
    if not low <= value <= high:
        raise UsageError(f"{each.text}: {spec.series_id} would be {value:,.6g} {spec.units}, which it cannot be")
    if not each.outright and abs(value - before) > LARGEST_MOVE * abs(before):
        raise UsageError(
            f"{each.text} means {each.means} by the catalogue: {spec.series_id} would go from {before:,.6g} to "
            f"{value:,.6g}. Write {each.means}:{each.number:g} if it shall, else level:, change: or percent:"
        )
