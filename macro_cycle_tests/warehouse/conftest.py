"""A migrated warehouse for each test, cloned from one that was migrated once."""

from collections.abc import Iterator

import pytest

from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.conftest import create_database


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """Name of a database whose warehouse is empty and up to date."""
    url = create_database(postgres_url)
    warehouse = Warehouse(url)
    warehouse.migrate()
    warehouse.engine.dispose()
    return database_named_in(url)


@pytest.fixture
def warehouse(postgres_url: str, migrated_template: str) -> Iterator[Warehouse]:
    """An empty warehouse."""
    store = Warehouse(create_database(postgres_url, migrated_template))
    yield store
    store.engine.dispose()


def database_named_in(url: str) -> str:
    """The database that a URL names."""
    from sqlalchemy.engine import make_url

    return str(make_url(url).database)
