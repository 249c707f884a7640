"""What came is measured against what the day before expected of it, and nothing later."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.ahead import Scenario, respond, surprises
from macro_cycle.ahead.releases import next_release
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.sources import known_on
from macro_cycle_tests.ahead.conftest import CATALOG, FEATURES, answered


@pytest.fixture(scope="module")
def came(observations, information_set):
    """The releases from 16 to 31 August 2008, each day's model that of 15 August."""
    days = pd.date_range("2008-08-15", "2008-08-31")
    sets = [InformationSet(day, known_on(observations, day), information_set.model) for day in days]
    return {each.release.series_id: each for each in surprises(sets, CATALOG, FEATURES)}


def test_every_release_that_came_is_named_once_with_its_day_and_print(came, observations):
    assert set(came) == {"INDPRO", "HOUST", "PERMIT", "W875RX1"}
    for series_id, each in came.items():
        own = observations[(observations["series_id"] == series_id) & (observations["date"] == each.release.periods[0])]
        assert (each.day, each.value) == (
            own["realtime_start"].min(),
            own.sort_values("realtime_start")["value"].iloc[0],
        )


def test_the_surprise_is_the_print_less_the_predictive_mean_in_its_deviations(came, scenario):
    response = respond(scenario, next_release(scenario, "INDPRO"))
    each = came["INDPRO"]
    assert each.expected == pytest.approx(response.expected, rel=1e-9)
    cell = np.interp(each.value, response.prints, response.cells)
    assert each.deviations == pytest.approx((cell - response.distribution.mean) / response.distribution.std, abs=1e-3)


def test_alone_on_its_day_its_effect_is_the_difference_that_it_makes(came, observations, information_set):
    before, after = (known_on(observations, pd.Timestamp(day)) for day in ("2008-08-27", "2008-08-28"))
    model = information_set.model
    moved = answered(model, after, "2008-07-01") - answered(model, before, "2008-07-01")
    assert came["W875RX1"].effect == pytest.approx(moved, abs=1e-12)


def test_nothing_that_is_known_later_changes_a_surprise(came, observations, information_set):
    spoiled = observations.assign(
        value=observations["value"].where(observations["realtime_start"] <= "2008-08-31", 1.0)
    )
    days = pd.date_range("2008-08-15", "2008-08-31")
    sets = [InformationSet(day, known_on(spoiled, day), information_set.model) for day in days]
    again = {each.release.series_id: each for each in surprises(sets, CATALOG, FEATURES)}
    assert again == came


def test_a_release_in_two_months_at_once_is_expected_month_by_month(observations, information_set):
    later = InformationSet(pd.Timestamp("2008-10-10"), known_on(observations, pd.Timestamp("2008-10-10")), None)
    found = list(surprises([information_set, later], CATALOG, FEATURES))
    payrolls = [each.release.period for each in found if each.release.series_id == "PAYEMS"]
    assert payrolls == ["2008-08", "2008-09"]
    first = next_release(Scenario(information_set, CATALOG, FEATURES), "PAYEMS")
    assert found[[e.release.series_id for e in found].index("PAYEMS")].release == first
