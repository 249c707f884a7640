"""A range is one run with a materialization and a data version per month."""

import dagster as dg
import pandas as pd
import pytest

from macro_cycle_tests.assets.graph import CHAIN, data_versions, materialize

FIRST, LAST = "2007-01-01", "2007-06-01"
MONTHS = [f"2007-0{number}-01" for number in range(1, 7)]

pytestmark = pytest.mark.slow


def test_a_range_reports_each_month_once_with_its_own_version(store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, FIRST, LAST)
        for asset in CHAIN:
            versions = data_versions(instance, asset)
            assert list(versions) == MONTHS
            assert len(set(versions.values())) == len(MONTHS)
            records = instance.fetch_materializations(dg.AssetKey(["us", asset]), limit=100).records
            assert len(records) == len(MONTHS)


def test_a_month_has_the_same_version_alone_and_in_a_range(store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, FIRST, LAST)
        in_range = {asset: data_versions(instance, asset)[LAST] for asset in CHAIN}
        materialize(instance, CHAIN, LAST)
        assert {asset: data_versions(instance, asset)[LAST] for asset in CHAIN} == in_range


def test_nothing_is_trained_twice_and_what_was_drawn_stays_to_be_seen(store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, LAST)
        materialize(instance, CHAIN, LAST)
        again, first = (r.asset_materialization for r in _two_newest(instance, "regime_model"))
        labels_again, labels = (r.asset_materialization for r in _two_newest(instance, "regime_labels"))
    assert [made.metadata["reused"].value for made in (again, first)] == [True, False]
    assert labels_again.metadata == labels.metadata
    assert "chart_of_regimes" in labels.metadata


def _two_newest(instance: dg.DagsterInstance, asset: str):
    return instance.fetch_materializations(dg.AssetKey(["us", asset]), limit=2).records


class Counted:
    """How often a function was called."""

    def __init__(self, function) -> None:
        self.calls, self._function = 0, function

    def __call__(self, *arguments, **named):
        self.calls += 1
        return self._function(*arguments, **named)


@pytest.fixture
def counted(monkeypatch) -> dict[str, Counted]:
    """Counters in place of what a month of a range may do once."""
    from macro_cycle.assets import features
    from macro_cycle.features.store import PanelStore
    from macro_cycle.training import train
    from macro_cycle.warehouse.models import ModelStore

    places = {
        "hashes": (features, "content_version"),
        "reads": (PanelStore, "read"),
        "searches": (ModelStore, "find"),
        "look-ups": (ModelStore, "load"),
        "rebuilds": (train, "rebuilt"),
    }
    counters = {}
    for name, (owner, attribute) in places.items():
        counters[name] = Counted(getattr(owner, attribute))
        monkeypatch.setattr(owner, attribute, _method(counters[name]) if isinstance(owner, type) else counters[name])
    return counters


def _method(counter: Counted):
    return lambda self, *arguments: counter(self, *arguments)


def test_a_month_of_a_range_is_hashed_searched_and_rebuilt_once_and_again_not_at_all(store, counted):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, [*CHAIN, "regime_news"], FIRST, LAST)
        once = {name: counter.calls for name, counter in counted.items()}
        materialize(instance, [*CHAIN, "regime_news"], FIRST, LAST)
        twice = {name: counter.calls for name, counter in counted.items()}
    months = len(MONTHS)
    assert once == {"hashes": months, "reads": 0, "searches": months, "look-ups": 0, "rebuilds": months}
    again = {name: twice[name] - once[name] for name in once}
    assert again == {"hashes": 0, "reads": 1, "searches": 0, "look-ups": 1, "rebuilds": 1}, "the drift check alone"


def test_a_month_that_cannot_be_made_is_named_and_the_others_are_done(platform, store):
    bad = pd.DataFrame(
        {
            "series_id": ["UNRATE", "UNRATE"],
            "date": pd.to_datetime(["2007-02-01", "2007-02-01"]),
            "value": [4500.0, 4.5],
            "realtime_start": pd.to_datetime(["2007-03-20", "2007-04-02"]),
            "estimated": [False, False],
        }
    )
    store.ingest(bad, source="test")
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, FIRST, LAST)
        made = {asset: list(data_versions(instance, asset)) for asset in CHAIN}
    assert made["fred_series"] == MONTHS
    others = [month for month in MONTHS if month != "2007-03-01"]
    assert {tuple(made[asset]) for asset in CHAIN[1:]} == {tuple(others)}
    failures = platform.records.failures(MONTHS)
    assert [(failure.asset, failure.month) for failure in failures] == [
        (asset, "2007-03-01") for asset in ("macro_features", "regime_model", "regime_labels")
    ]
    assert failures[0].reason.startswith("fred_series: UNRATE 2007-02 is 4500: outside 0 to 50")
