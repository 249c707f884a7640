"""What lies ahead, as the default model sees it: each release has its effect, or the page says why it has none."""

from types import SimpleNamespace

import pandas as pd
import pytest

from macro_cycle.ahead import Scenario, radar
from macro_cycle.ahead.radar import Radar
from macro_cycle.errors import OutageError
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.observations.frequencies import month_number
from macro_cycle.page.ahead import Foresight, flips_shown, unmoving, with_effects
from macro_cycle.page.contents import Release
from macro_cycle.page.knowledge import releases_due
from macro_cycle.page.site import site
from macro_cycle_tests.ahead.conftest import (  # noqa: F401
    CATALOG,
    FEATURES,
    information_set,
    known,
    observations,
    scenario,
)
from macro_cycle_tests.page.worlds import recorded

TODAY = pd.Timestamp("2008-08-15")


def of_weeks(known: pd.DataFrame) -> pd.DataFrame:  # noqa: F811
    """Claims as weeks, each with its month's mean, until 9 August."""
    claims = known[known["series_id"] == "ICSA"].set_index("date")["value"]
    saturdays = pd.date_range(claims.index[0], "2008-08-09", freq="W-SAT")
    months = claims.reindex(saturdays.to_period("M").to_timestamp()).ffill()
    weeks = pd.DataFrame({"series_id": "ICSA", "date": saturdays, "value": months.to_numpy()})
    return pd.concat([known.loc[known["series_id"] != "ICSA", list(weeks)], weeks], ignore_index=True)


@pytest.fixture(scope="module")
def weekly(information_set, known) -> Scenario:  # noqa: F811
    return Scenario(InformationSet(TODAY, of_weeks(known), information_set.model), CATALOG, FEATURES)


@pytest.fixture(scope="module")
def seen(weekly) -> Radar:
    return radar(weekly)


@pytest.fixture(scope="module")
def due(weekly, seen) -> tuple[Release, ...]:
    stated = weekly.known.assign(realtime_start=weekly.known["date"] + pd.Timedelta(days=5), realtime_end=pd.NaT)
    history = stated.assign(realtime_start=stated["realtime_start"].clip(upper=TODAY), estimated=False)
    return with_effects(releases_due(history, CATALOG, FEATURES.series_ids, TODAY), seen.expected)


def test_every_release_that_is_due_has_its_effect_or_the_reason_why_not(due):
    assert len(due) > 10
    assert all(each.effect is not None or each.beside for each in due)
    employment = next(each for each in due if each.series_id == "PAYEMS" and str(each.period) == "2008-08-01")
    assert employment.effect > 0.001


def test_of_weeks_the_last_has_the_effect_of_all_that_its_month_lacks(weekly, seen, due):
    weeks = [each for each in due if each.series_id == "ICSA"]
    august = [each for each in weeks if each.period.month == 8]
    assert [str(each.period) for each in august] == ["2008-08-16", "2008-08-23", "2008-08-30"]
    [claims] = [each for each in seen.expected if each.response.release.series_id == "ICSA"]
    assert [each.effect for each in august] == [None, None, claims.size]
    assert claims.size > 0.001
    assert august[0].beside.startswith("counts once August 2008 is whole, which is then worth")
    assert {each.beside for each in weeks if each.period.month == 9} <= {"after the one before it"}


def test_the_weeks_to_come_are_expected_so_that_the_known_ones_and_they_make_the_expected_month(weekly, seen):
    [claims] = [each for each in seen.expected if each.response.release.series_id == "ICSA"]
    release, expected = claims.response.release, claims.flip.expected
    assert (len(release.published), len(release.periods)) == (2, 3)
    month = int(month_number(pd.DatetimeIndex(["2008-08-01"]))[0])
    panel = weekly.panels.panel(release.prints(expected), until=month)
    column = FEATURES.names.index(next(f.name for f in FEATURES.features if "ICSA" in f.series_ids))
    assert panel[-1, column] == pytest.approx(claims.response.distribution.mean, abs=1e-3)


def test_the_page_shows_what_would_flip_it(seen, due):
    contents = recorded().model_copy(
        update={"releases": due, "flips": flips_shown(seen.expected), "unmoving": unmoving(seen.expected)}
    )
    shown = site([contents])["us/index.html"].decode()
    by_series = {each.series_id: each for each in contents.flips}
    assert by_series["PAYEMS"].flips_at.startswith("+")
    assert by_series["PAYEMS"].flips_at_value > by_series["PAYEMS"].expected_value > 100_000, "in thousands of persons"
    assert by_series["ICSA"].parts == "3 of 5 to come"
    assert by_series["INDPRO"].period == "Jul 2008"
    assert "No print of" in shown
    for each in contents.flips:
        assert each.title in shown
        assert (each.flips_at or "no print") in shown


def test_what_an_outage_hid_is_looked_at_again():
    def load(_version: str) -> None:
        raise OutageError("the database does not answer")

    clock, models = SimpleNamespace(today=lambda: TODAY), SimpleNamespace(load=load)
    platform = SimpleNamespace(cycle="us", clock=clock, models=models)
    foresight, shown = Foresight(), SimpleNamespace(model_version="m", data_version="d")
    for _ in range(2):
        with pytest.raises(OutageError):
            foresight.of(platform, shown)
