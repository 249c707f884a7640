"""A range is one run with a materialization and a data version per month."""

import dagster as dg
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
            records = instance.fetch_materializations(dg.AssetKey(asset), limit=100).records
            assert len(records) == len(MONTHS)


def test_a_month_has_the_same_version_alone_and_in_a_range(store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, FIRST, LAST)
        in_range = {asset: data_versions(instance, asset)[LAST] for asset in CHAIN}
        materialize(instance, CHAIN, LAST)
        assert {asset: data_versions(instance, asset)[LAST] for asset in CHAIN} == in_range


def test_nothing_is_trained_twice(store):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, LAST)
        materialize(instance, CHAIN, LAST)
        records = instance.fetch_materializations(dg.AssetKey("regime_model"), limit=2).records
    reused = [record.asset_materialization.metadata["reused"].value for record in records]
    assert reused == [True, False]
