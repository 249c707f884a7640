import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.cycles import shipped
from macro_cycle.errors import MacroCycleError
from macro_cycle.features import (
    Feature,
    FeatureSet,
    build_panel,
    feature_set_for,
)
from macro_cycle.observations import Catalog, CatalogError
from macro_cycle_tests.features.frames import monthly, observations, quarterly

CATALOG = Catalog.load()


def single(*series_ids: str) -> FeatureSet:
    return FeatureSet(features=tuple(Feature(name=s, series_ids=(s,), role="activity") for s in series_ids))


def everything(seed: int, months: int) -> pd.DataFrame:
    """Random positive histories of all series of the default set, each with its publication lag estimated."""
    rng = np.random.default_rng(seed)
    frames = []
    for series_id in shipped().features.series_ids:
        dates = pd.date_range("2000-01-01", periods=months, freq="MS")
        if series_id == "ICSA":
            dates = pd.date_range("2000-01-01", periods=months * 4, freq="W-SAT")
        values = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(dates))))
        frame = observations(series_id, dates, values)
        frame["realtime_start"] = CATALOG.spec(series_id).release_dates(dates)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def test_changes_are_signed_and_gaps_stay_gaps():
    frame = pd.concat(
        [
            monthly("UNRATE", "2025-08-01", [4.3, 4.4, np.nan, 4.5, 4.4]),
            monthly("INDPRO", "2025-08-01", [100.0, 101.0, 102.0, 103.0, 104.0]),
        ]
    )
    panel = build_panel(frame, CATALOG, single("INDPRO", "UNRATE"))
    assert panel.index.name == "reference_month"
    assert list(panel.index) == list(pd.date_range("2025-09-01", "2025-12-01", freq="MS"))
    np.testing.assert_allclose(panel["UNRATE"], [-0.1, np.nan, np.nan, 0.1], atol=1e-12)
    np.testing.assert_allclose(panel["INDPRO"], np.diff(np.log([100, 101, 102, 103, 104])))


def test_a_quarter_changes_against_the_quarter_before_and_stands_in_its_last_month():
    frame = pd.concat(
        [quarterly("GDPC1", "2020-01-01", [100.0, 90.0, 97.0]), monthly("UNRATE", "2020-01-01", [4.0] * 9)]
    )
    panel = build_panel(frame, CATALOG, single("GDPC1", "UNRATE"))["GDPC1"].dropna()
    assert list(panel.index) == [pd.Timestamp("2020-06-01"), pd.Timestamp("2020-09-01")]
    np.testing.assert_allclose(panel, np.diff(np.log([100, 90, 97])))


def test_weeks_are_averaged_over_complete_months_only():
    weeks = pd.date_range("2020-02-01", "2020-04-18", freq="W-SAT")
    frame = observations("ICSA", weeks, np.where(weeks.month == 2, 200.0, np.where(weeks.month == 3, 400.0, 4000.0)))
    panel = build_panel(frame, CATALOG, single("ICSA"))
    assert list(panel.index) == [pd.Timestamp("2020-03-01")]
    np.testing.assert_allclose(panel["ICSA"], [-np.log(2)])


def test_a_monthly_mean_of_a_weekly_series_is_taken_as_it_is():
    panel = build_panel(monthly("CLAIMSx", "2020-01-01", [200.0, 400.0]), CATALOG, single("ICSA"))
    np.testing.assert_allclose(panel["ICSA"], [-np.log(2)])


def test_a_missing_month_leaves_other_features_and_later_months_alone():
    full = everything(0, 60)
    month = pd.Timestamp("2003-10-01")
    holed = full[~((full["series_id"] == "UNRATE") & (full["date"] == month))]
    a, b = (build_panel(frame, CATALOG, single("UNRATE", "PAYEMS", "INDPRO")) for frame in (full, holed))
    touched = [month, month + pd.DateOffset(months=1)]
    assert b.loc[touched, "UNRATE"].isna().all()
    pd.testing.assert_frame_equal(a.drop(columns="UNRATE"), b.drop(columns="UNRATE"))
    pd.testing.assert_series_equal(a["UNRATE"].drop(touched), b["UNRATE"].drop(touched))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    day=st.dates(pd.Timestamp("2001-06-01").date(), pd.Timestamp("2003-12-31").date()),
)
def test_nothing_published_later_changes_the_panel(seed, day):
    history = everything(seed, 60)
    day = pd.Timestamp(day)
    truncated = history[history["realtime_start"] <= day]
    rewritten = history.assign(value=history["value"].where(history["realtime_start"] <= day, 1e6))
    as_of = rewritten[rewritten["realtime_start"] <= day].sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        build_panel(truncated, CATALOG, shipped().features),
        build_panel(as_of, CATALOG, shipped().features),
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(30, 50))
def test_growth_of_old_months_does_not_depend_on_later_months(seed, cut):
    history = everything(seed, 60)
    end = pd.Timestamp("2000-01-01") + pd.DateOffset(months=cut)
    ids = single("INDPRO", "UNRATE", "HOUST")
    early, late = (
        build_panel(history[history["date"] < end], CATALOG, ids),
        build_panel(history, CATALOG, ids),
    )
    pd.testing.assert_frame_equal(early, late.loc[: early.index[-1]], check_freq=False)


def test_an_innovation_takes_off_its_share_of_last_month_and_lets_no_outlier_echo():
    growth = np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5, np.nan, 1.0, 90.0, 0.0])
    levels = np.r_[10.0, 10.0 + np.cumsum(np.nan_to_num(growth))]
    levels[7] = np.nan
    frame = monthly("UNRATE", "2020-01-01", list(-levels))
    innovation = Feature(name="U", series_ids=("UNRATE",), role="activity", persistence=0.5)
    plain = build_panel(frame, CATALOG, single("UNRATE"))["UNRATE"]
    panel = build_panel(frame, CATALOG, FeatureSet(features=(innovation,)))["U"]
    middle, iqr = plain.median(), plain.quantile(0.75) - plain.quantile(0.25)
    held = (plain.shift() - middle).clip(-4 * iqr / 1.3489795003921634, 4 * iqr / 1.3489795003921634).fillna(0)
    np.testing.assert_allclose(panel, plain - 0.5 * held)


def test_the_default_panel_has_the_declared_columns_and_no_gaps():
    panel = build_panel(everything(1, 80), CATALOG, shipped().features)
    assert tuple(panel.columns) == shipped().features.names
    assert panel.index.freqstr == "MS"
    assert panel.iloc[-1].notna().any()
    assert all(dtype.kind == "f" for dtype in panel.dtypes)


def test_a_feature_that_nobody_has_published_yet_is_an_empty_column():
    panel = build_panel(monthly("UNRATE", "2020-01-01", [4.0, 4.1, 4.2]), CATALOG, single("UNRATE", "INDPRO"))
    assert panel["INDPRO"].isna().all()
    assert len(panel) == 2


def test_a_constant_series_gives_zeros_and_no_warning():
    panel = build_panel(monthly("UNRATE", "2020-01-01", [4.0] * 12), CATALOG, feature_set_for(["UNRATE"], CATALOG))
    assert (panel["UNRATE"] == 0).all()


@pytest.mark.parametrize("frame", [monthly("OTHER", "2020-01-01", [1.0, 2.0]), monthly("UNRATE", "2020-01-01", [4.0])])
def test_a_day_on_which_nothing_was_known_is_one_clear_line(frame):
    with pytest.raises(MacroCycleError, match="choose a later one") as caught:
        build_panel(frame, CATALOG, single("UNRATE"))
    assert "\n" not in str(caught.value)


def test_an_arbitrary_list_becomes_features_with_the_roles_of_its_series():
    features = feature_set_for(["UNRATE", "CPIAUCSL", "GDPC1", "CMRMTSPLx", "UNRATE"], CATALOG)
    assert features.series_ids == ("UNRATE", "CPIAUCSL", "GDPC1", "CMRMTSPL")
    assert features.roles["CPIAUCSL"] == "free"
    assert features.roles["GDPC1"] == "activity"
    with pytest.raises(CatalogError, match="at least one"):
        feature_set_for([], CATALOG)


def test_an_uncatalogued_series_is_guessed_from_its_data_and_said(caplog):
    with caplog.at_level(logging.WARNING):
        features = feature_set_for(["POSITIVE", "SPREAD"], CATALOG)
    assert "POSITIVE is not in the catalogue" in caplog.text
    frame = pd.concat(
        [
            quarterly("POSITIVE", "2020-01-01", [1.0, 2.0, 4.0]),
            monthly("SPREAD", "2020-01-01", [-1.0, 1.0, 2.0]),
        ]
    )
    panel = build_panel(frame, CATALOG, features)
    np.testing.assert_allclose(panel["POSITIVE"].dropna(), [np.log(2)] * 2)
    np.testing.assert_allclose(panel["SPREAD"].dropna(), [2.0, 1.0])


def test_two_features_of_one_name_are_refused():
    with pytest.raises(ValueError, match="same name"):
        single("UNRATE", "UNRATE")


SPREAD = Feature(name="SPREAD", series_ids=("GS10", "FEDFUNDS"), role="transition", weights=(1.0, -1.0))


def rates(long: list[float], short: list[float]) -> pd.DataFrame:
    return pd.concat([monthly("GS10", "2025-01-01", long), monthly("FEDFUNDS", "2025-01-01", short)])


def test_weights_sum_levels_where_all_of_them_are_known():
    frame = pd.concat(
        [monthly("UNRATE", "2025-01-01", [4.0] * 4), rates([4.0, np.nan, 4.5, 4.6], [3.0, 3.1, 3.2, 3.3])]
    )
    features = FeatureSet(features=(*single("UNRATE").features, SPREAD))
    panel = build_panel(frame, CATALOG, features)
    np.testing.assert_allclose(panel["SPREAD"], [np.nan, 1.3, 1.3], atol=1e-12)


def test_a_covariate_alone_makes_no_month():
    frame = pd.concat([monthly("UNRATE", "2025-02-01", [4.0] * 3), rates([4.0] * 9, [3.0] * 9)])
    panel = build_panel(frame, CATALOG, FeatureSet(features=(*single("UNRATE").features, SPREAD)))
    assert list(panel.index) == list(pd.date_range("2025-03-01", "2025-04-01", freq="MS"))


def test_a_covariate_without_one_of_its_series_is_empty():
    frame = pd.concat([monthly("UNRATE", "2025-01-01", [4.0] * 4), monthly("GS10", "2025-01-01", [4.0] * 4)])
    panel = build_panel(frame, CATALOG, FeatureSet(features=(*single("UNRATE").features, SPREAD)))
    assert panel["SPREAD"].isna().all()


def test_weights_for_other_series_and_sets_of_covariates_alone_are_refused():
    with pytest.raises(ValueError, match="2 weights for 1 series"):
        Feature(name="X", series_ids=("GS10",), role="transition", weights=(1.0, -1.0))
    with pytest.raises(ValueError, match="covariate"):
        FeatureSet(features=(SPREAD,))
