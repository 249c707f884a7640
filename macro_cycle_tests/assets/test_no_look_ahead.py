"""A partition holds only what was known at the end of its month, through the whole chain."""

import dagster as dg
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.assets import sources
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.sample import Sample
from macro_cycle_tests.assets.graph import CHAIN, Month, materialize, shifted, stored

MONTH = "1985-06-01"
END = as_of_day(MONTH)

pytestmark = pytest.mark.slow


@pytest.fixture
def sample() -> pd.DataFrame:
    source = Sample(Catalog.load())
    return source.observations(source.available())


@pytest.fixture
def platform(platform, sample, tmp_path, monkeypatch) -> Platform:
    """The platform on a source that has published what was known at END, and nothing since."""
    known = sample[sample["realtime_start"] <= END].drop(columns="estimated")
    known.assign(realtime_end="9999-12-31").to_csv(tmp_path / "alfred.csv", index=False)
    monkeypatch.setenv("MACRO_CYCLE_SOURCE", "alfred_file")
    monkeypatch.setenv("MACRO_CYCLE_SOURCE_PATH", str(tmp_path / "alfred.csv"))
    return Platform.from_environment()


def run_chain(platform) -> Month:
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, MONTH)
    return stored(MONTH, platform)


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
    before = run_chain(platform)
    publish(platform.warehouse, sample, future)
    assert run_chain(platform) == before


def test_the_guard_sees_a_leak(platform, sample, monkeypatch):
    before = run_chain(platform)
    honest = sources.as_of_view
    monkeypatch.setattr(sources, "as_of_view", lambda history, day: honest(history, day + pd.DateOffset(years=3)))
    publish(platform.warehouse, sample, {"factor": 1.1, "drop_later": False, "days_late": 1})
    after = run_chain(platform)
    assert after.panel != before.panel
    assert after.answer != before.answer
