"""A hypothetical panel is the one that `build_panel` makes of what is known and the prints together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.cycles import shipped
from macro_cycle.features import Feature, FeatureSet, build_panel
from macro_cycle.features.hypothetical import HypotheticalPanels, Print
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

CATALOG, FEATURES = Catalog.load(), shipped().features
KNOWN = known_on(Sample(CATALOG).observations(FEATURES.series_ids), pd.Timestamp("2008-08-15"))
PANELS = HypotheticalPanels(KNOWN, CATALOG, FEATURES)

prints = st.lists(st.tuples(st.sampled_from(FEATURES.series_ids), st.integers(-30, 3), st.floats(0.9, 1.1)), max_size=6)


def together(known: pd.DataFrame, added: list[Print]) -> pd.DataFrame:
    rows = pd.DataFrame(added, columns=["series_id", "date", "value"])
    frame = pd.concat([known[["series_id", "date", "value"]], rows], ignore_index=True)
    return frame.drop_duplicates(["series_id", "date"], keep="last")


def made(series_id: str, months: int, factor: float) -> Print:
    dates, newest = PANELS.dates(series_id), PANELS.known_values(series_id).iloc[-1]
    return Print(series_id, dates[-1] + pd.DateOffset(months=months), newest * factor)


def test_without_prints_it_is_the_panel_of_what_is_known():
    np.testing.assert_array_equal(PANELS.panel(), build_panel(KNOWN, CATALOG, FEATURES).to_numpy())


@settings(max_examples=60)
@given(prints)
def test_with_prints_it_is_the_panel_of_all_of_it_together(drawn):
    added = list({(s, m): made(s, m, factor) for s, m, factor in drawn}.values())
    expected = build_panel(together(KNOWN, added), CATALOG, FEATURES)
    np.testing.assert_array_equal(PANELS.panel(added), expected.to_numpy())
    assert PANELS.newest_month(added) == expected.index[-1].year * 12 + expected.index[-1].month - 1


@settings(max_examples=20)
@given(prints, st.integers(-3, 5))
def test_until_cuts_later_months_off_and_leaves_what_regimes_emit_in_unknown_ones_empty(drawn, beyond):
    added = list({(s, m): made(s, m, factor) for s, m, factor in drawn}.values())
    whole, until = PANELS.panel(added), PANELS.newest_month(added) + beyond
    cut = PANELS.panel(added, until=until)
    assert len(cut) == len(whole) + beyond
    np.testing.assert_array_equal(cut[: len(whole)], whole[: len(cut)])
    emitted = [feature.role != "transition" for feature in FEATURES.features]
    assert np.isnan(cut[len(whole) :, emitted]).all()  # a covariate may be known of a later month


def test_weeks_make_a_month_when_the_last_of_them_is_there():
    weeks = pd.date_range("2007-01-06", "2008-08-09", freq="W-SAT")
    values = np.random.default_rng(0).uniform(300e3, 400e3, len(weeks))
    known = pd.DataFrame({"series_id": "ICSA", "date": weeks, "value": values})
    features = FeatureSet(features=(Feature(name="ICSA", series_ids=("ICSA",), role="activity"),))
    panels = HypotheticalPanels(known, CATALOG, features)
    august = [Print("ICSA", day, 5e5) for day in pd.date_range("2008-08-16", "2008-08-30", freq="W-SAT")]
    assert panels.newest_month(august[:-1]) == panels.newest_month()
    assert panels.newest_month(august) == panels.newest_month() + 1
    expected = build_panel(together(known, august), CATALOG, features).to_numpy()
    np.testing.assert_array_equal(panels.panel(august), expected)


@pytest.mark.parametrize("held", [True, False])
def test_a_series_of_which_nothing_is_known_is_left_empty_or_begun(held):
    known = KNOWN[KNOWN["series_id"] != "HOUST"]
    panels = HypotheticalPanels(known, CATALOG, FEATURES)
    assert "HOUST" not in panels.series_ids
    added = [] if held else [Print("HOUST", pd.Timestamp(f"2008-0{m}-01"), 900.0 + m) for m in (6, 7)]
    expected = build_panel(together(known, added), CATALOG, FEATURES).to_numpy()
    np.testing.assert_array_equal(panels.panel(added), expected)
