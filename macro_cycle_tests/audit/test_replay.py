"""Any past answer is reproduced to the bit from what is stored, and a store that was tampered with is found out."""

from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd
import psycopg
import pytest

from macro_cycle.audit.replay import reproduce
from macro_cycle.observations import Catalog
from macro_cycle.queries.history import stored_of
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse.records import ServedAnswer
from macro_cycle_tests.assets.graph import CHAIN, materialize
from macro_cycle_tests.conftest import create_database

FIRST, LAST = "2008-08-01", "2008-09-01"
AUGUST, SEPTEMBER = date(2008, 8, 31), date(2008, 9, 30)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sample():
    source = Sample(Catalog.load())
    return source.observations(source.available())


@pytest.fixture(scope="module")
def recorded(postgres_url, tmp_path_factory, sample):
    """A database and a home in which two month ends have been answered."""
    url, home = create_database(postgres_url), tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        platform_at(url, home, patch).warehouse.ingest(sample, source="sample")
        materialize(instance, CHAIN, FIRST, LAST)
    name = url.split("/")[-1].split("?")[0]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    return name, home


@pytest.fixture
def answered(recorded, postgres_url, monkeypatch):
    """The answered month ends, in a copy of their own."""
    name, home = recorded
    return platform_at(create_database(postgres_url, template=name), home, monkeypatch)


def platform_at(url: str, home: Path, patch: pytest.MonkeyPatch) -> Platform:
    patch.setenv("MACRO_CYCLE_DATABASE_URL", url)
    patch.setenv("MACRO_CYCLE_HOME", str(home))
    return Platform.from_environment()


def links(answered, day: date) -> dict[str, bool]:
    call = answered.regimes.said_by(day)
    return {link.name: link.holds for link in reproduce(call, stored_of(answered, call))}


def tamper(answered, statement: str) -> None:
    """What somebody with the database's password could do."""
    with answered.warehouse.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        assert connection.exec_driver_sql(statement).rowcount > 0


def test_every_answer_is_reproduced_to_the_bit(answered):
    for day in (AUGUST, SEPTEMBER):
        assert answered.regimes.said_by(day).as_of == day
        assert set(links(answered, day).values()) == {True}


def test_what_was_said_on_a_day_is_the_answer_of_the_month_end_before(answered):
    assert answered.regimes.said_by(date(2008, 9, 15)).as_of == AUGUST


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE warehouse.calls SET recession_probability = recession_probability + 1e-15", "answer"),
        ("UPDATE warehouse.calls SET label = 'Expansion'", "answer"),
        ("UPDATE warehouse.calls SET label = 'Expansion' WHERE as_of = '2008-08-31'", "record"),
        ("UPDATE warehouse.calls SET recorded_at = recorded_at - interval '1 day'", "record"),
        ("DELETE FROM warehouse.calls WHERE as_of = '2008-08-31'", "record"),
        (
            "UPDATE warehouse.models SET document = jsonb_set(document::jsonb, '{labels,0}', '\"Boom\"')::json",
            "model",
        ),
        (
            "UPDATE warehouse.observations SET value = value * 1.01 WHERE series_id = 'PAYEMS' AND date = '2008-05-01'",
            "observations",
        ),
        ("DELETE FROM warehouse.models", "model"),
    ],
)
def test_tampering_is_found_out(answered, statement, broken):
    tamper(answered, statement)
    assert links(answered, SEPTEMBER)[broken] is False


def test_an_answer_served_otherwise_than_recorded_is_found_out(answered):
    call = answered.regimes.said_by(SEPTEMBER)
    served = ServedAnswer(
        SEPTEMBER, call.model_version, "1", "http://127.0.0.1", call.label, call.recession_probability
    )
    answered.served.append(served)
    assert links(answered, SEPTEMBER)["served answer"]
    answered.served.append(ServedAnswer(**{**vars(served), "recession_probability": 0.5}))
    assert not links(answered, SEPTEMBER)["served answer"]


def test_an_answer_outlives_what_is_learned_about_its_month_later(answered, sample):
    before = answered.regimes.said_by(SEPTEMBER)
    revised = sample[(sample["series_id"] == "PAYEMS") & (sample["realtime_start"] <= "2008-09-10")].tail(3)
    published = pd.Timestamp("2008-09-20")
    answered.warehouse.ingest(
        revised.assign(value=revised["value"] * 0.99, realtime_start=published, estimated=False), source="test"
    )
    assert answered.regimes.said_by(SEPTEMBER) == before
    call_links = reproduce(before, stored_of(answered, before))
    assert {link.name for link in call_links if not link.holds} == {"observations"}
    (observations,) = (link for link in call_links if link.name == "observations")
    assert observations.holds is None
    assert "cells (PAYEMS, MOMENTUM) after later loads; taken as kept with the model" in observations.found
