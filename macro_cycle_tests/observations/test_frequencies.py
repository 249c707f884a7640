"""Daily, weekly, monthly, quarterly and annual series side by side, each by what was known when."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.features import Feature, FeatureSet, build_panel
from macro_cycle.observations import Catalog
from macro_cycle.observations.frequencies import infer_frequency, month_start, regular_periods
from macro_cycle_tests.features.frames import observations

IDS = ("DAILY", "ICSA", "UNRATE", "GDPC1", "ANNUAL")
STEPS = {"DAILY": "B", "ICSA": "W-SAT", "UNRATE": "MS", "GDPC1": "QS", "ANNUAL": "YS"}
MINE = """
DAILY: {title: A spread, frequency: D, units: Percent, tcode: 1, publication_lag_days: 1, role: rate}
ANNUAL: {title: A census, frequency: A, units: Persons, tcode: 5, publication_lag_days: 60, role: coincident}
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory) -> Catalog:
    path = tmp_path_factory.mktemp("catalog") / "mine.yaml"
    path.write_text(MINE)
    return Catalog.load(path)


def of(*series_ids: str) -> FeatureSet:
    return FeatureSet(features=tuple(Feature(name=s, series_ids=(s,), role="activity") for s in series_ids))


def everything(catalog: Catalog, seed: int) -> pd.DataFrame:
    """Six years of every frequency, each value known from its expected release on."""
    rng = np.random.default_rng(seed)
    frames = []
    for series_id, step in STEPS.items():
        dates = pd.date_range("2015-01-01", "2020-12-31", freq=step)
        frame = observations(series_id, dates, 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(dates)))))
        frames.append(frame.assign(realtime_start=catalog.spec(series_id).release_dates(dates)))
    return pd.concat(frames, ignore_index=True)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    day=st.dates(pd.Timestamp("2018-03-01").date(), pd.Timestamp("2020-12-31").date()).map(pd.Timestamp),
)
def test_no_frequency_looks_ahead(catalog, seed, day):
    told = everything(catalog, seed)
    known = told[told["realtime_start"] <= day]
    panel = build_panel(known, catalog, of(*IDS))
    for series_id in IDS:
        months = panel.index[panel[series_id].notna()]
        newest = known.loc[known["series_id"] == series_id, "date"].max()
        assert months[-1] <= newest + pd.DateOffset(months={"GDPC1": 2, "ANNUAL": 11}.get(series_id, 0))
        assert months[-1] < day
    later = told.assign(value=told["value"].where(told["realtime_start"] <= day, -1.0))
    pd.testing.assert_frame_equal(build_panel(later[later["realtime_start"] <= day], catalog, of(*IDS)), panel)


@pytest.mark.parametrize(
    ("series_id", "month", "unknown_on", "known_on"),
    [
        ("DAILY", "2019-03-01", "2019-03-29", "2019-03-30"),
        ("ICSA", "2019-03-01", "2019-04-03", "2019-04-04"),
        ("UNRATE", "2019-03-01", "2019-04-05", "2019-04-06"),
        ("GDPC1", "2019-03-01", "2019-04-28", "2019-04-29"),
        ("ANNUAL", "2018-12-01", "2019-02-28", "2019-03-01"),
    ],
)
def test_a_period_enters_the_panel_on_the_day_its_last_value_is_published(
    catalog, series_id, month, unknown_on, known_on
):
    told = everything(catalog, 0)
    before, after = (
        build_panel(told[told["realtime_start"] <= day], catalog, of(*IDS)).reindex(pd.DatetimeIndex([month]))
        for day in (unknown_on, known_on)
    )
    assert np.isnan(before[series_id].iloc[0])
    assert np.isfinite(after[series_id].iloc[0])


def test_another_source_s_monthly_means_do_not_enter_the_mean_of_weeks(catalog):
    weeks = observations("ICSA", pd.date_range("2020-01-04", "2020-06-27", freq="W-SAT"), np.full(26, 300.0))
    means = observations("ICSA", pd.date_range("2020-01-01", "2020-05-01", freq="MS"), np.full(5, 900.0))
    means = means[~means["date"].isin(weeks["date"])]
    clean = build_panel(weeks, catalog, of("ICSA"))
    pd.testing.assert_frame_equal(build_panel(pd.concat([weeks, means]), catalog, of("ICSA")), clean)


def test_every_week_counts_in_its_month_whatever_its_weekday(catalog):
    path = Path(__file__).parents[1] / "cases" / "weekday_changes.csv"
    rows = pd.read_csv(path, parse_dates=["date"])
    months, means = regular_periods(pd.DatetimeIndex(rows["date"]), rows["value"].to_numpy(float), "W")
    found = dict(zip(month_start(months).strftime("%Y-%m"), means, strict=True))
    assert (min(found), max(found), len(found)) == ("2001-01", "2005-12", 60)
    expected = {"2003-05": 6.994, "2003-06": 6.9975, "2004-11": 7.1475, "2005-12": 7.346}
    assert {month: found[month] for month in expected} == pytest.approx(expected)
    by_hand = rows.groupby(rows["date"].dt.strftime("%Y-%m"))["value"].mean()
    assert found == pytest.approx(dict(by_hand))


def test_monthly_means_before_the_first_week_stand_for_their_months(catalog):
    """One source ends where the other begins: both count."""
    means = observations("ICSA", pd.date_range("2019-01-01", "2019-12-01", freq="MS"), np.full(12, 200.0))
    weeks = observations("ICSA", pd.date_range("2020-01-04", "2020-06-27", freq="W-SAT"), np.full(26, 400.0))
    panel = build_panel(pd.concat([means, weeks]), catalog, of("ICSA"))["ICSA"]
    assert list(panel.index) == list(pd.date_range("2019-02-01", "2020-06-01", freq="MS"))
    np.testing.assert_allclose(panel.loc["2020-01-01"], -np.log(2))
    np.testing.assert_allclose(panel.drop(pd.Timestamp("2020-01-01")), 0, atol=1e-12)


def test_both_halves_of_a_year_count():
    dates = pd.date_range("2010-01-01", periods=12, freq="6MS")
    assert infer_frequency(dates) == "S"
    months, values = regular_periods(dates, np.arange(12.0), "S")
    assert list(month_start(months)) == list(dates + pd.DateOffset(months=5))
    assert list(values) == list(range(12))


def test_two_values_for_one_period_are_refused_not_chosen_between(catalog):
    twice = observations(
        "UNRATE", pd.to_datetime(["2020-01-01", "2020-01-31", "2020-02-01"]), np.array([4.0, 5.0, 6.0])
    )
    with pytest.raises(MacroCycleError, match="UNRATE has two values for one period, 2020-01-01 and 2020-01-31"):
        build_panel(twice, catalog, of("UNRATE"))


def test_what_was_published_before_its_period_began_stays_out(catalog):
    quarters = pd.date_range("2019-01-01", "2030-10-01", freq="QS")
    projected = observations("GDPC1", quarters, np.exp(np.arange(48) / 100)).assign(
        realtime_start=pd.Timestamp("2021-02-15")
    )
    panel = build_panel(projected, catalog, of("GDPC1"))
    assert panel.index[-1] == pd.Timestamp("2020-12-01")
