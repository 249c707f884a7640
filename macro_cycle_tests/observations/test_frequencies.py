"""Daily, weekly, monthly, quarterly and annual series side by side, each by what was known when."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.features import Feature, FeatureSet, build_panel
from macro_cycle.observations import Catalog
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
