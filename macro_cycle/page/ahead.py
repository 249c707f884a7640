"""What the coming releases would do to the newest answer, worked out once for each answer and day."""

from typing import Any

import pandas as pd

from macro_cycle.ahead import Expected, Scenario, radar
from macro_cycle.ahead.documents import as_usual
from macro_cycle.ahead.scenario import first_day
from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.page import words
from macro_cycle.page.contents import AnswerShown, FlipShown, Release
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.recorded import recorded_model

Seen = tuple[str, str, pd.Timestamp]
FREQUENCIES_BY_MONTHS = {1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}


class Foresight:
    """The radar of each cycle's newest answer, by the model that gave it; kept until another answer or day comes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Seen, tuple[Expected, ...]]] = {}

    def of(self, platform: Platform, answer: AnswerShown) -> tuple[Expected, ...]:
        """The coming releases by expected day; none where the model or its data are not at hand."""
        today = platform.clock.today()
        seen = (answer.model_version, answer.data_version, today)
        if platform.cycle not in self._kept or self._kept[platform.cycle][0] != seen:
            self._kept[platform.cycle] = seen, _expected(platform, answer, today)
        return self._kept[platform.cycle][1]


def _expected(platform: Platform, answer: AnswerShown, today: pd.Timestamp) -> tuple[Expected, ...]:
    try:
        model = recorded_model(platform, answer.model_version)
        if model is None:
            return ()
        known = platform.warehouse.as_of(today, platform.features.series_ids)
        scenario = Scenario(InformationSet(today, known, model), platform.catalog, platform.features)
        return radar(scenario).expected
    except OutageError:
        raise
    except MacroCycleError:
        return ()


def flips_shown(found: tuple[Expected, ...]) -> tuple[FlipShown, ...]:
    """What would flip the answer, as the page shows it: of the releases that the model has a distribution of."""
    return tuple(_shown(each) for each in found if each.flip.expected is not None)


def unmoving(found: tuple[Expected, ...]) -> tuple[str, ...]:
    """Titles of the series of which no print moves the answer."""
    return tuple(each.response.release.spec.title for each in found if each.flip.expected is None)


def with_effects(due: tuple[Release, ...], found: tuple[Expected, ...]) -> tuple[Release, ...]:
    """The releases with the expected size of their effect, or with the reason why there is none."""
    by_series = {each.response.release.series_id: each for each in found}
    return tuple(
        each.model_copy(update=_effect(each, by_series[each.series_id])) if each.series_id in by_series else each
        for each in due
    )


def _effect(due: Release, found: Expected) -> dict[str, Any]:
    """Of a week or day that leaves its month incomplete the model sees nothing: that of the last one is of them all."""
    release = found.response.release
    periods = [period.date() for period in release.periods]
    if due.period not in periods:
        return {"beside": "after the one before it"}
    if found.flip.expected is None:
        return {"beside": "acts on the transitions of later months alone"}
    month = words.month_of(first_day(release.month).date())
    if due.period != periods[-1]:
        return {
            "beside": f"counts once {month} is whole, which is then worth \N{PLUS-MINUS SIGN}{words.points(found.size)}"
        }
    together = f"all that {month} still lacks" if len(periods) > 1 else ""
    return {"effect": found.size, "beside": together}


def _shown(each: Expected) -> FlipShown:
    flip, response = each.flip, each.response
    release, spec = response.release, response.release.spec

    def usual(value: float | None) -> str | None:
        return None if value is None else as_usual(spec, value, response.last)

    whole = len(release.periods) + len(release.published)
    return FlipShown(
        series_id=release.series_id,
        title=spec.title,
        period=words.period_of(release.periods[0].date(), FREQUENCIES_BY_MONTHS[release.months]),
        parts=f"{len(release.periods)} of {whole} to come" if whole > 1 else "",
        expected=release.expected.date(),
        late=release.status == "late",
        size=each.size,
        expected_print=usual(flip.expected),
        flips_at=usual(flip.at),
        expected_value=flip.expected,
        flips_at_value=flip.at,
        deviations=flip.deviations,
        chance=flip.chance,
    )
