"""At the flip the answer is one half, trying every print finds the same, and none flips it where none is said to."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.ahead import Scenario, coming, flip, respond
from macro_cycle.ahead.flip import joint_flip
from macro_cycle.ahead.radar import expected_size
from macro_cycle.ahead.releases import next_release
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.features import build_panel
from macro_cycle_tests.ahead.conftest import CATALOG, FEATURES, answered, with_prints

NEXT = dict.fromkeys(("PAYEMS", "UNRATE", "ICSA"))


@pytest.mark.parametrize("series_id", list(NEXT))
def test_at_the_flip_the_answer_built_the_long_way_is_one_half(scenario, known, series_id):
    response = respond(scenario, next_release(scenario, series_id))
    found = flip(scenario, response)
    assert found.at is not None
    assert answered(scenario.model, with_prints(known, (series_id, "2008-08-01", found.at)), "2008-08-01") == (
        pytest.approx(0.5, abs=1e-6)
    )


@pytest.mark.parametrize("series_id", list(NEXT))
def test_trying_every_print_the_long_way_finds_the_same_flip_and_chance(scenario, known, series_id):
    response = respond(scenario, next_release(scenario, series_id))
    found = flip(scenario, response)
    grid = np.linspace(response.prints[0], response.prints[-1], 60)
    tried = [answered(scenario.model, with_prints(known, (series_id, "2008-08-01", x)), "2008-08-01") for x in grid]
    changes = np.flatnonzero(np.diff(np.sign(np.array(tried) - 0.5)))
    assert len(changes) == 1
    assert grid[changes[0]] <= found.at <= grid[changes[0] + 1]
    draws = drawn_prints(response)
    across = (draws < found.at) if tried[0] < 0.5 else (draws > found.at)
    assert found.chance == pytest.approx(across.mean(), abs=4 * np.sqrt(found.chance / len(draws)))
    assert found.share_below == pytest.approx((draws < found.at).mean(), abs=0.005)
    assert found.lowest == pytest.approx(min(tried), abs=0.02)
    assert found.highest == pytest.approx(max(tried), abs=0.02)


def test_where_no_print_would_flip_it_none_does_however_wild(scenario, known):
    for series_id in ("HOUST", "PERMIT", "CMRMTSPL"):
        found = flip(scenario, respond(scenario, next_release(scenario, series_id)))
        assert found.at is None
        assert found.chance == 0
        date, newest = scenario.panels.dates(series_id)[-1], scenario.panels.known_values(series_id).iloc[-1]
        day = f"{date + pd.DateOffset(months=1):%Y-%m-%d}"
        for factor in (1e-6, 0.1, 0.9, 1.1, 10.0, 1e6):
            frame = with_prints(known, (series_id, day, newest * factor))
            tried = answered(scenario.model, frame, "2008-07-01")
            assert found.lowest - 1e-9 <= tried <= found.highest + 1e-9


def test_a_covariate_of_later_months_moves_nothing_and_says_so(scenario):
    found = flip(scenario, respond(scenario, next_release(scenario, "GS10")))
    assert (found.at, found.expected, found.chance) == (None, None, None)
    assert found.lowest == found.highest == found.response.before


def test_the_expected_size_is_the_mean_over_prints_drawn_from_the_model(scenario, known):
    response = respond(scenario, next_release(scenario, "PAYEMS"))
    size, error = expected_size(response)
    draws = drawn_prints(response, 100)
    moved = [
        abs(answered(scenario.model, with_prints(known, ("PAYEMS", "2008-08-01", x)), "2008-08-01") - response.before)
        for x in draws
    ]
    assert size == pytest.approx(np.mean(moved), abs=4 * np.std(moved) / np.sqrt(len(moved)))
    assert error < 0.01 * size


def test_before_a_release_of_a_new_month_stands_the_forecast_of_that_month(scenario, known):
    response = respond(scenario, next_release(scenario, "PAYEMS"))
    panel = build_panel(known, CATALOG, FEATURES)
    assert response.before == pytest.approx(scenario.model.forecast(panel, 1).recession_probability[0], abs=1e-12)


def test_every_series_has_one_coming_release_after_what_is_known(scenario):
    found = coming(scenario)
    assert {release.series_id for release in found} == set(FEATURES.series_ids)
    assert [release.expected for release in found] == sorted(release.expected for release in found)
    assert all(release.periods[0] > scenario.panels.dates(release.series_id)[-1] for release in found)
    assert {release.status for release in found} == {"expected"}


def test_a_release_is_late_after_its_day_and_grace(information_set):
    later = InformationSet(pd.Timestamp("2008-09-20"), information_set.known, information_set.model)
    status = {release.series_id: release.status for release in coming(Scenario(later, CATALOG, FEATURES))}
    assert status["PAYEMS"] == "late"
    assert status["CMRMTSPL"] == "expected"


def test_of_weeks_the_flip_is_the_mean_that_the_missing_ones_need(information_set):
    """Weekly claims through 9 August: three weeks are to come, and the month's mean is what the model sees."""
    known = information_set.known
    months = known[known["series_id"] == "ICSA"].sort_values("date")
    weeks = pd.date_range(months["date"].iloc[0], "2008-08-09", freq="W-SAT")
    by_month = dict(zip(months["date"].dt.strftime("%Y-%m"), months["value"], strict=True))
    values = [by_month.get(f"{week:%Y-%m}", 400e3) for week in weeks]
    weekly = pd.DataFrame({"series_id": "ICSA", "date": weeks, "value": values})
    frame = pd.concat([known[known["series_id"] != "ICSA"][["series_id", "date", "value"]], weekly], ignore_index=True)
    scenario = Scenario(InformationSet(information_set.as_of, frame, information_set.model), CATALOG, FEATURES)
    release = next_release(scenario, "ICSA")
    assert [f"{day:%m-%d}" for day in release.periods] == ["08-16", "08-23", "08-30"]
    assert release.published == (400e3, 400e3)
    found = flip(scenario, respond(scenario, release))
    rows = [("ICSA", f"{day:%Y-%m-%d}", found.at) for day in release.periods]
    assert answered(scenario.model, with_prints(frame, *rows), "2008-08-01") == pytest.approx(0.5, abs=1e-6)


def drawn_prints(response, n: int = 20_000) -> np.ndarray:
    """Prints drawn from the model's distribution of the cell, by rank of the drawn cells."""
    d, rng = response.distribution, np.random.default_rng(1)
    which = rng.choice(len(d.weights), n, p=d.weights / d.weights.sum())
    cells = d.means[which] + d.scales[which] * rng.standard_normal(n)
    return np.array([response.print_at(cell) for cell in cells])


def test_all_releases_together_flip_it_at_the_deviations_that_are_named(scenario, known):
    responses = [respond(scenario, release) for release in coming(scenario)]
    deviations = joint_flip(scenario, responses)
    assert 0 < deviations < 2
    rows = []
    for r in responses:
        if r.distribution is not None:
            better = [r.print_at(r.distribution.mean + side * deviations * r.distribution.std) for side in (-1, 1)]
            low = min(better, key=lambda x: np.interp(x, r.prints, r.probabilities))
            rows += [(r.release.series_id, f"{day:%Y-%m-%d}", low) for day in r.release.periods]
    assert answered(scenario.model, with_prints(known, *rows), "2008-08-01") == pytest.approx(0.5, abs=1e-6)
