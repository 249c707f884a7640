"""What the coming releases would do to the newest answer, worked out once for each answer and day."""

from datetime import date

import pandas as pd

from macro_cycle.ahead import Expected, Scenario, radar
from macro_cycle.ahead.documents import as_usual
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.page.contents import AnswerShown, FlipShown, Release
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.recorded import recorded_model

Seen = tuple[str, str, pd.Timestamp]


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
    except MacroCycleError:
        return ()


def flips_shown(found: tuple[Expected, ...]) -> tuple[FlipShown, ...]:
    """What would flip the answer, as the page shows it: of the releases that the model has a distribution of."""
    return tuple(_shown(each) for each in found if each.flip.expected is not None)


def with_effects(due: tuple[Release, ...], found: tuple[Expected, ...]) -> tuple[Release, ...]:
    """The releases with the expected size of their effect, where one print makes the month whole."""
    sizes: dict[tuple[str, tuple[date, ...]], float] = {
        (each.response.release.series_id, tuple(period.date() for period in each.response.release.periods)): each.size
        for each in found
    }
    return tuple(each.model_copy(update={"effect": sizes.get((each.series_id, (each.period,)))}) for each in due)


def _shown(each: Expected) -> FlipShown:
    flip, response = each.flip, each.response
    release, spec = response.release, response.release.spec

    def usual(value: float | None) -> str | None:
        return None if value is None else as_usual(spec, value, response.last)

    return FlipShown(
        series_id=release.series_id,
        title=spec.title,
        period=release.period,
        expected=release.expected.date(),
        late=release.status == "late",
        size=each.size,
        expected_print=usual(flip.expected),
        flips_at=usual(flip.at),
        deviations=flip.deviations,
        chance=flip.chance,
    )
