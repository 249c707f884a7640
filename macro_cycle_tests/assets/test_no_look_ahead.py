"""A partition holds only what was known at the end of its month, through the whole chain."""

import dagster as dg
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse import observations as store_queries
from macro_cycle_tests.assets.graph import CHAIN, Month, materialize, shifted, stored, warehouse

MONTH = "1985-06-01"
END = as_of_day(MONTH)

pytestmark = pytest.mark.slow


@pytest.fixture
def sample() -> pd.DataFrame:
    source = Sample(Catalog.load())
    return source.observations(source.available())


def run_chain(store) -> Month:
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, MONTH)
    return stored(MONTH, store)


futures = st.fixed_dictionaries(
    {
        "factor": st.floats(0.5, 2.0, exclude_min=True),
        "drop_later": st.booleans(),
        "days_late": st.integers(1, 400),
    }
)


def publish(store, sample: pd.DataFrame, future: dict) -> None:
    """Something that happens after END: revisions of everything known, and later observations changed."""
    revisions = shifted(sample, END, future["factor"])
    revisions["realtime_start"] += pd.Timedelta(days=future["days_late"] - 1)
    later = sample[sample["realtime_start"] > END]
    changed = later.assign(value=later["value"] * future["factor"], estimated=False)
    store.ingest(revisions, source="test")
    if not future["drop_later"]:
        store.ingest(changed, source="test")


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(future=futures)
def test_nothing_published_after_the_month_changes_its_partition(platform, sample, future):
    store = warehouse()
    store.ingest(sample[sample["realtime_start"] <= END].assign(estimated=False), source="test")
    before = run_chain(store)
    publish(store, sample, future)
    assert run_chain(store) == before


def test_the_guard_sees_a_leak(platform, sample, monkeypatch):
    store = warehouse()
    store.ingest(sample[sample["realtime_start"] <= END].assign(estimated=False), source="test")
    before = run_chain(store)
    honest = store_queries.as_of
    monkeypatch.setattr(
        store_queries, "as_of", lambda connection, day, ids: honest(connection, day + pd.DateOffset(years=3), ids)
    )
    publish(store, sample, {"factor": 1.1, "drop_later": False, "days_late": 1})
    after = run_chain(store)
    assert after.panel != before.panel
    assert after.answer != before.answer
