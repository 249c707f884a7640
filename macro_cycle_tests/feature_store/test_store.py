"""Feast's history never shows what was written later, and its online store never goes back in time."""

from datetime import UTC, datetime

import pandas as pd
import psycopg
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.stack.services import ROOT
from macro_cycle_tests.conftest import create_database

pytestmark = pytest.mark.slow

LABELS = ("Expansion", "Contraction")


@pytest.fixture
def economy(postgres_url):
    from macro_cycle.feature_store.store import EconomyStore

    url = create_database(postgres_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA feast")
    store = EconomyStore(url, "macro_cycle", "US", ("INDPRO", "UNRATE"), LABELS)
    store.apply()
    return store


def row(month_end: str, value: float, version: str):
    from macro_cycle.feature_store.store import MonthRow

    day = pd.Timestamp(month_end)
    origin = {"reference_month": datetime(day.year, day.month, 1, tzinfo=UTC), "data_version": version}
    shares = {f"{kind}_{label}": 0.5 for kind in ("filtered", "smoothed", "predicted") for label in LABELS}
    answer = {"label": "Expansion", "recession_probability": value, "model_version": "m", **shares}
    return MonthRow(day, version, origin | {"INDPRO": value, "UNRATE": None}, origin | answer)


def test_history_is_read_as_it_was_known(economy):
    economy.write_offline([row("2008-01-31", 0.1, "a"), row("2008-02-29", 0.2, "b")])
    economy.write_offline([row("2008-02-29", 0.9, "revised today")])
    known = economy.read_history([pd.Timestamp("2008-02-10"), pd.Timestamp("2008-03-10")])
    assert known["regime_probabilities__recession_probability"].tolist() == [0.1, 0.2]


def test_the_default_join_would_have_leaked(economy):
    economy.write_offline([row("2008-02-29", 0.2, "b")])
    economy.write_offline([row("2008-02-29", 0.9, "revised today")])
    entities = pd.DataFrame({"economy": "US", "event_timestamp": pd.to_datetime(["2008-03-10"], utc=True)})
    leaked = economy._store.get_historical_features(entities, ["regime_probabilities:recession_probability"]).to_df()
    assert leaked["recession_probability"].tolist() == [0.9]


def test_the_same_content_is_written_once(economy):
    assert economy.write_offline([row("2008-01-31", 0.1, "a")]) == 2
    assert economy.write_offline([row("2008-01-31", 0.1, "a")]) == 0


def test_online_holds_the_newest_month_and_refuses_an_older_one(economy):
    economy.write_offline([row("2008-01-31", 0.1, "a"), row("2008-02-29", 0.2, "b")])
    economy.materialize_online(pd.Timestamp("2008-02-29"))
    with pytest.raises(MacroCycleError, match="holds 2008-02; 2008-01 is older"):
        economy.materialize_online(pd.Timestamp("2008-01-31"))
    online = economy.read_online()
    assert online.values["regime_probabilities__recession_probability"] == 0.2
    assert online.age.days > 6000


def test_an_empty_online_store_says_what_to_do(economy):
    with pytest.raises(MacroCycleError, match="materialize feast_materialization first"):
        economy.read_online()


def test_feast_s_own_command_line_sees_the_same_store(database_url, monkeypatch):
    from feast.repo_config import load_repo_config

    from macro_cycle.feature_store.store import repo_config
    from macro_cycle.platform.settings import read_settings
    from macro_cycle.stack.services import environment

    settings = read_settings(database_url=database_url)
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    repository = ROOT / ".ops" / ".feast" / "feast_repo"
    written = load_repo_config(repository, repository / "feature_store.yaml")
    ours = repo_config(database_url, settings.feast.project)
    for part in (
        "project",
        "provider",
        "registry",
        "offline_store",
        "online_store",
        "entity_key_serialization_version",
    ):
        assert getattr(written, part) == getattr(ours, part), part
