"""What came, against what was expected of it the day before, and what it did to the answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from macro_cycle.ahead.releases import Release, next_release
from macro_cycle.ahead.response import Trial, values_before
from macro_cycle.ahead.scenario import Scenario
from macro_cycle.evaluation.news import InformationSet, explain
from macro_cycle.features import FeatureSet
from macro_cycle.features.hypothetical import Print
from macro_cycle.observations import Catalog

NEW_DATA = "new data"


@dataclass(frozen=True)
class Surprise:
    """A release that came.

    day: on which it became known. value: in published units; of several dates in one month their newest. expected: the
    print that the model expected the day before. deviations: (print - expected) in standard deviations of the model's
    predictive distribution, in the units of the series' transformation, upward positive. effect: what all that was new
    of the series on that day did to the recession probability of the month that the answer was then about, by the
    earlier day's model. Expected and deviations are None where the model has no distribution of it.
    """

    release: Release
    day: pd.Timestamp
    value: float
    last: float
    expected: float | None
    deviations: float | None
    effect: float


def surprises(sets: Iterable[InformationSet], catalog: Catalog, features: FeatureSet) -> Iterator[Surprise]:
    """The releases between each information set and the next; the earlier one's model says what each meant."""
    for earlier, later in pairwise(sets):
        yield from _between(earlier, later, catalog, features)


def _between(
    earlier: InformationSet, later: InformationSet, catalog: Catalog, features: FeatureSet
) -> Iterator[Surprise]:
    before, after = (Scenario(each, catalog, features) for each in (earlier, later))
    came = {s: list(_releases(before, after, s, earlier)) for s in after.panels.series_ids if _is_new(before, after, s)}
    if not any(came.values()):
        return
    held = InformationSet(later.as_of, later.known, earlier.model)
    parts = explain(earlier, held, catalog, features).parts
    effects = parts[parts["kind"] == NEW_DATA].set_index("series_id")["contribution"]
    for series_id, found in came.items():
        for release, value, last, expected, deviations in found:
            effect = float(effects.get(series_id, 0.0))
            yield Surprise(release, later.as_of, value, last, expected, deviations, effect)


def _is_new(before: Scenario, after: Scenario, series_id: str) -> bool:
    """Whether there was something of the series before, and there is a later date now."""
    if series_id not in before.panels.series_ids:
        return False
    return bool(after.panels.dates(series_id)[-1] > before.panels.dates(series_id)[-1])


def _releases(
    before: Scenario, after: Scenario, series_id: str, earlier: InformationSet
) -> Iterator[tuple[Release, float, float, float | None, float | None]]:
    """Each release of a series that became whole, in order: the later ones are expected with the earlier ones known."""
    values, known = after.panels.known_values(series_id), earlier.known
    release = next_release(before, series_id)
    while all(date in values.index for date in release.periods):
        prints = [Print(series_id, date, float(values[date])) for date in release.periods]
        last = values_before(before, release)[1]
        yield release, prints[-1].value, last, *_expected(before, release, prints)
        known = pd.concat([known, pd.DataFrame(prints, columns=["series_id", "date", "value"])], ignore_index=True)
        before = Scenario(replace(earlier, known=known), before.catalog, before.features)
        release = next_release(before, series_id)


def _expected(scenario: Scenario, release: Release, prints: list[Print]) -> tuple[float | None, float | None]:
    month = max(scenario.newest_month(), release.month)
    trial = Trial.of(scenario, release, month)
    if trial is None:
        return None, None
    return trial.expected_print(), trial.deviations(trial.cell(prints))
