"""A source seen on a past day shows what was published by then; its token changes on days of releases alone."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.observations import Catalog
from macro_cycle.sources.past import SeenOn
from macro_cycle.sources.sample import Sample

SAMPLE = Sample(Catalog.load())
days = st.dates(date(1961, 1, 1), date(2026, 12, 31)).map(pd.Timestamp)


@pytest.fixture(scope="module")
def everything() -> pd.DataFrame:
    return SAMPLE.observations(SAMPLE.available())


@settings(deadline=None, max_examples=20)
@given(day=days)
def test_what_was_published_later_does_not_exist(everything, day):
    seen = SeenOn(SAMPLE, day).observations(SAMPLE.available())
    assert len(seen) == (everything["realtime_start"] <= day).sum()
    assert seen["realtime_start"].max() <= day


@settings(deadline=None, max_examples=20)
@given(day=days)
def test_the_token_changes_exactly_on_days_of_releases(everything, day):
    yesterday = day - pd.Timedelta(days=1)
    changed = SeenOn(SAMPLE, day).last_updated() != SeenOn(SAMPLE, yesterday).last_updated()
    assert changed == (everything["realtime_start"] == day).any()
