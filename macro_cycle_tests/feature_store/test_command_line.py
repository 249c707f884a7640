"""Feast's own command line sees the same store, and cannot move it back."""

from dataclasses import replace
from pathlib import Path

import pytest

from macro_cycle.stack.services import FEAST_REPO
from macro_cycle_tests.feature_store.command_line import feast
from macro_cycle_tests.feature_store.months import row

pytestmark = pytest.mark.slow

PLACEMENTS = [{}, {"redis": "127.0.0.1:6379,db=3,password=p$w:#'\""}, {"parquet": Path("/data")}]


@pytest.mark.parametrize("change", PLACEMENTS)
def test_the_written_repository_says_what_the_platform_uses(placement, monkeypatch, change):
    from feast.repo_config import load_repo_config

    chosen = replace(placement, **change)
    for name, value in chosen.environment().items():
        monkeypatch.setenv(name, value)
    written, ours = load_repo_config(FEAST_REPO, FEAST_REPO / "feature_store.yaml"), chosen.repo_config()
    for part in ("provider", "entity_key_serialization_version", *chosen.sections()):
        assert getattr(written, part) == getattr(ours, part), part


def test_materializing_an_old_range_is_refused_and_said(economy, placement):
    economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.2)])
    economy.materialize_online()
    before = repr(economy.read_online())  # a missing value does not equal itself
    said = feast(placement, "materialize", "2008-01-01T00:00:00", "2008-02-10T00:00:00", succeeds=False)
    assert "the online store holds what was known at 2008-02-29" in said
    assert repr(economy.read_online()) == before


def test_materializing_up_to_now_is_taken(economy, placement):
    economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.2)])
    feast(placement, "materialize", "2008-01-01T00:00:00", "2008-03-10T00:00:00")
    assert economy.read_online().recession_probability == 0.2


def test_a_plain_client_of_the_same_tables_is_refused_too(economy, placement):
    """The guard is the table's: Feast's own store class, which knows nothing of it, meets it as well."""
    from datetime import datetime

    from feast import FeatureStore, RepoConfig

    economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.2)])
    economy.materialize_online()
    sections = placement.sections()
    sections["online_store"] |= {"type": "postgres"}
    plain = FeatureStore(config=RepoConfig(**sections, provider="local", entity_key_serialization_version=3))
    with pytest.raises(Exception, match="is older and was not written"):
        plain.materialize(datetime(2008, 1, 1), datetime(2008, 2, 10))
    assert economy.read_online().recession_probability == 0.2


def test_applying_the_repository_keeps_every_economy_and_the_guard(placement, clock):
    from macro_cycle_tests.feature_store.months import open_store

    feast(placement, "apply")
    br = open_store(placement, clock, "BR", ("IBCBR",))
    br.write_offline([row("2008-01-31", 0.6, features=("IBCBR",)), row("2008-02-29", 0.7, features=("IBCBR",))])
    br.materialize_online()
    feast(placement, "apply")
    assert br.read_online().recession_probability == 0.7
    feast(placement, "materialize", "2008-01-01T00:00:00", "2008-02-10T00:00:00", succeeds=False)
