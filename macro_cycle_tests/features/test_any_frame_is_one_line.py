"""Whatever frame a notebook hands to `build_panel`: a panel of months, or one line."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.cycles import shipped
from macro_cycle.errors import MacroCycleError
from macro_cycle.features import build_panel, feature_set_for
from macro_cycle.observations import Catalog

CATALOG = Catalog.load()
FEATURES = feature_set_for(["UNRATE", "INDPRO"], CATALOG)
NUMBERS = (0, -1.0, 5.0, np.nan, np.inf, 1e308, pd.NA, True)
DAYS = (pd.NaT, "2008-09-01", "no day", *map(pd.Timestamp, ("2008-09-01", "2008-09-01T00:00Z", "1700-01-01")))
cells = st.sampled_from([None, "", "UNRATE", "INDPRO", "x\ny", *NUMBERS, *DAYS])
columns = st.sampled_from(["series_id", "date", "value", "realtime_start", "other", 3])
frames = st.integers(0, 4).flatmap(
    lambda rows: st.dictionaries(columns, st.lists(cells, min_size=rows, max_size=rows), max_size=5).map(pd.DataFrame)
)
anything = st.one_of(frames, cells, st.lists(cells, max_size=3), st.just(pd.Series([1.0])), st.just({}))


@settings(max_examples=300, deadline=None)
@given(anything)
def test_anything_is_a_panel_or_one_line(frame):
    said = ""
    try:
        panel = build_panel(frame, CATALOG, FEATURES)
    except MacroCycleError as error:
        said = str(error)
    else:
        assert isinstance(panel.index, pd.DatetimeIndex)
        assert not np.isinf(panel.to_numpy()).any()
    assert said.isprintable()
    assert len(said) < 400


TYPED = pd.DataFrame(
    {
        "series_id": "UNRATE",
        "date": pd.date_range("2000-01-01", periods=24, freq="MS"),
        "value": np.linspace(4, 6, 24),
        "realtime_start": pd.date_range("2000-02-04", periods=24, freq="MS"),
    }
)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (TYPED.assign(date=TYPED["date"].dt.tz_localize("UTC")), "date"),
        (TYPED.assign(date=pd.NaT), "date"),
        (TYPED.assign(value="high"), "value"),
        (TYPED.assign(value=np.inf), "infinite"),
        (TYPED.drop(columns="value"), "lack value"),
        (TYPED.assign(series_id=pd.NA), "series_id"),
    ],
)
def test_what_is_wrong_with_a_frame_is_named(spoilt, said):
    with pytest.raises(MacroCycleError, match=said):
        build_panel(spoilt, CATALOG, FEATURES)


def test_days_and_numbers_written_otherwise_give_the_same_panel():
    plain = build_panel(TYPED, CATALOG, FEATURES)
    written = TYPED.assign(date=TYPED["date"].dt.strftime("%Y-%m-%d"), value=TYPED["value"].astype("Float64"))
    pd.testing.assert_frame_equal(build_panel(written, CATALOG, FEATURES), plain)
    assert shipped().features.names
