"""Losing connections to PostgreSQL in the midst of a statement, as when its server dies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, Engine, event

from macro_cycle.warehouse.urls import DatabaseUrl

ALL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@contextmanager
def lost_at(
    engine: Engine | type[Engine], when: Callable[[Connection, str], bool], *, all_at_once: bool = False
) -> Iterator[None]:
    """Within the block a statement that `when` names loses its connection, or the whole database all of its own."""

    def hang_up(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if when(connection, statement):
            url = DatabaseUrl(connection.engine.url.render_as_string(hide_password=False))
            with psycopg.connect(url.libpq(), autocommit=True) as another:
                own = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
                another.execute("SELECT pg_terminate_backend(%s)", [own])
                if all_at_once:
                    another.execute(ALL_OTHERS)

    event.listen(engine, "before_cursor_execute", hang_up)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", hang_up)


def each_once(since: str) -> Callable[[Connection, str], bool]:
    """Every distinct statement, the first time, from the first on that says `since`."""
    seen: set[str] = set()

    def first(_connection: Connection, statement: str) -> bool:
        is_new = statement not in seen and (bool(seen) or since in statement)
        if is_new:
            seen.add(statement)
        return is_new

    return first


def nth(number: int) -> Callable[[Connection, str], bool]:
    """The statement of that number, from one."""
    met: list[str] = []

    def is_it(_connection: Connection, statement: str) -> bool:
        met.append(statement)
        return len(met) == number

    return is_it
