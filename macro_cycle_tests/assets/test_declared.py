"""What is declared follows from the answers of the days on record, alone and in a range, and does not change."""

import dagster as dg
import pandas as pd
import pytest

from macro_cycle.assets.declared import made_again
from macro_cycle.audit.replay import declared_again
from macro_cycle.declared import Rule, declare, evidence
from macro_cycle.evaluation.daily import walk_forward_daily
from macro_cycle.page.reading import contents
from macro_cycle.records import Answer, Declared
from macro_cycle.resources.declarations import on_record
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import CHAIN, materialize

BEFORE, FIRST, LAST = "2008-02-01", "2008-03-01", "2008-05-01"
ASSETS = [*CHAIN, "declared_phase"]

pytestmark = pytest.mark.slow


def declared_of(platform: Platform, first: str = BEFORE, last: str = LAST) -> list[Declared]:
    months = [f"{month:%Y-%m-%d}" for month in pd.date_range(first, last, freq="MS")]
    return list(platform.records.load("declared_phase", Declared, months).values())


def test_the_days_on_record_are_those_of_the_walk_forward_and_so_is_what_they_declare(store, platform):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, ASSETS, BEFORE, LAST)
        materialize(instance, ASSETS, BEFORE, LAST)
        events = instance.fetch_materializations(dg.AssetKey(["us", "declared_phase"]), limit=100).records
    records = declared_of(platform)
    assert len(platform.records.history("declared_phase", Declared)) == len(records), "nothing is kept twice"
    assert len(events) == 2 * len(records)

    history = store.history(platform.features.series_ids)
    months = list(pd.date_range(FIRST, LAST, freq="MS"))
    walked = walk_forward_daily(history, platform.catalog, platform.features, platform.model_config, months)
    assert [answer for record in records[1:] for answer in record.days] == list(walked.answers)

    rule = platform.definition.declared
    said = evidence([answer for record in records for answer in record.days], rule)
    expected = declare(said.days, said.begins, rule, said.turns, until=records[-1].through, ends=said.ends)
    assert [d for record in records for d in record.declarations] == expected
    assert on_record(platform) == expected
    page = contents(platform)
    assert [(d.phase, d.declared_on, d.about) for d in page.declared] == [
        (d.phase, d.declared_on, d.about) for d in expected
    ]
    assert page.stands == records[-1].in_words
    assert (records[-1].phase, records[-1].declared_on) == ("contraction", expected[-1].declared_on)
    assert f"{records[-1].about:%Y-%m}" in ("2007-10", "2007-11", "2007-12", "2008-01")

    answers = platform.records.load("regime_labels", Answer, [f"{m:%Y-%m-%d}" for m in months])
    for record in records[1:]:
        own = answers[f"{record.as_of:%Y-%m-01}"]
        assert record.days[-1].day == record.through == own.as_of
        assert record.days[-1].recession_probability == own.recession_probability


def test_its_months_one_by_one_declare_the_same_and_what_came_later_changes_nothing(store, platform):
    with dg.DagsterInstance.ephemeral() as instance:
        for month in ("2008-03-01", "2008-04-01"):
            materialize(instance, ASSETS, month, checked=False)
        alone = declared_of(platform, "2008-03-01", "2008-04-01")
        [first, second] = alone
        assert first.reconstructed, "the record begins there"
        assert [made_again(platform, record)["version"] for record in alone] == [record.version for record in alone]
        assert declared_again(second, made_again(platform, second)).holds
        otherwise = {**made_again(platform, second), "version": "other"}
        assert declared_again(second, otherwise).holds is False
        assert declared_again(second, otherwise, same_code=False).holds is None

        known = store.history()[["series_id", "date", "value"]]
        late = known[known["date"] < "2008-02-01"].assign(realtime_start=pd.Timestamp("2008-05-02"), value=1.0)
        store.ingest(late.drop_duplicates(["series_id", "date"]).assign(estimated=False), source="test")
        materialize(instance, ["declared_phase"], "2008-03-01", "2008-04-01")
    assert declared_of(platform, "2008-03-01", "2008-04-01") == alone


def test_another_rule_is_another_code_version(platform):
    from macro_cycle.assets.chain import code_versions

    other = platform.definition.model_copy(update={"declared": Rule(on=0.9, days=1)})
    assert (
        code_versions(Platform(platform.installation, other))["declared_phase"]
        != (code_versions(platform)["declared_phase"])
    )
