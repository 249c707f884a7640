"""The news of a month explain its call, and are the same alone and in a range."""

import dagster as dg
import pytest

from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse.records import EvaluationStore, NewsStore
from macro_cycle.warehouse.regimes import RegimeStore
from macro_cycle_tests.assets.graph import CHAIN, data_versions, materialize

FIRST, LAST = "2008-08-01", "2008-10-01"

pytestmark = pytest.mark.slow


def test_news_explain_each_call_from_the_one_before_alone_and_in_a_range(store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, [*CHAIN, "regime_news", "real_time_evaluation"], FIRST, LAST)
        in_range = data_versions(instance, "regime_news")
        explained = NewsStore(store.engine, "us").load(as_of_day(LAST).date())
        materialize(instance, ["regime_news"], LAST)
        assert data_versions(instance, "regime_news")[LAST] == in_range[LAST]
    assert NewsStore(store.engine, "us").load(as_of_day(LAST).date()) == explained
    evaluated = EvaluationStore(store.engine, "us").last()
    assert (evaluated["first_as_of"], evaluated["last_as_of"]) == (FIRST[:7], LAST[:7])
    assert evaluated["left_out"] == []
    calls = RegimeStore(store.engine, "us").calls().set_index("as_of")["recession_probability"]
    parts = NewsStore(store.engine, "us").parts().groupby("as_of")["contribution"].sum()
    assert list(parts.index) == list(calls.index[1:]), "the first has no month before it on record"
    assert parts.to_numpy() == pytest.approx(calls.diff().iloc[1:].to_numpy(), abs=1e-10)
    assert (explained["before"], explained["after"]) == tuple(calls.iloc[-2:])


def test_the_first_month_of_a_source_has_nothing_to_explain(platform):
    found = platform.warehouse
    observations = Sample(Catalog.load()).observations(Sample(Catalog.load()).available())
    known_from = observations["realtime_start"].clip(lower=as_of_day(FIRST))
    found.ingest(observations.assign(realtime_start=known_from, estimated=False), source="test")
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(instance, [*CHAIN, "regime_news"], FIRST)
    (news,) = result.asset_materializations_for_node("us__regime_news")
    assert "no change to explain" in news.metadata["note"].value
