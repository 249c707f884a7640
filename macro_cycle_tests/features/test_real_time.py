"""A panel of a day is what `build_panel` makes of the rows known on that day, in whatever order days are asked for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.cycles import shipped
from macro_cycle.errors import MacroCycleError
from macro_cycle.features import build_panel
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse.observations import as_of_view

CATALOG, FEATURES = Catalog.load(), shipped().features


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """The sample, of which a tenth of the values are first seen wrong, and a few withdrawn for good."""
    rows = Sample(CATALOG).observations(FEATURES.series_ids).assign(realtime_end=pd.NaT)
    generator = np.random.default_rng(3)
    revised = generator.random(len(rows)) < 0.1
    days = pd.to_timedelta(generator.integers(5, 90, len(rows)), unit="D")
    rows["realtime_end"] = (rows["realtime_start"] + days).where(revised)
    later = rows[revised].assign(
        value=lambda r: r["value"] * 1.002, realtime_start=lambda r: r["realtime_end"], realtime_end=pd.NaT
    )
    return pd.concat([rows, later.iloc[:-8]], ignore_index=True)


@settings(max_examples=8, deadline=None)
@given(days=st.lists(st.dates(pd.Timestamp("1959-06-01").date(), pd.Timestamp("2026-08-30").date()), max_size=4))
def test_each_day_is_built_as_if_it_were_the_only_one(history, days):
    panels = RealTimePanels(history, CATALOG, FEATURES)
    for day in map(pd.Timestamp, [*days, *days[:1]]):
        expected = build_panel(as_of_view(history, day), CATALOG, FEATURES)
        pd.testing.assert_frame_equal(panels.on(day), expected, check_exact=True)


@pytest.mark.parametrize("series_id", ["PAYEMS", "GS10"])
def test_a_series_that_the_history_lacks_is_a_column_without_values(history, series_id):
    history, day = history[history["series_id"] != series_id], pd.Timestamp("2008-09-15")
    expected = build_panel(as_of_view(history, day), CATALOG, FEATURES)
    pd.testing.assert_frame_equal(RealTimePanels(history, CATALOG, FEATURES).on(day), expected, check_exact=True)


def test_the_days_of_change_are_those_on_which_the_panel_is_another(history):
    first, last = pd.Timestamp("2008-02-14"), pd.Timestamp("2008-04-20")
    panels, expected = RealTimePanels(history, CATALOG, FEATURES), []
    before = build_panel(as_of_view(history, first), CATALOG, FEATURES)
    for day in pd.date_range(first, last)[1:]:
        panel = build_panel(as_of_view(history, day), CATALOG, FEATURES)
        if not panel.equals(before):
            expected.append(day)
        before = panel
    assert [day for day, _ in panels.changed(first, last)] == expected


def test_a_day_before_anything_is_refused_in_one_line(history):
    with pytest.raises(MacroCycleError, match="1950-01-01"):
        RealTimePanels(history, CATALOG, FEATURES).on(pd.Timestamp("1950-01-01"))
    with pytest.raises(MacroCycleError, match="holds nothing of INDPRO"):
        RealTimePanels(history.iloc[:0], CATALOG, FEATURES)
