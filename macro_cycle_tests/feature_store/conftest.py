"""An empty feature store in a database of its own, and the clock that it goes by."""

import psycopg
import pytest

from macro_cycle.feature_store.placement import Placement
from macro_cycle_tests.conftest import create_database
from macro_cycle_tests.feature_store.months import Clock, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock("2008-03-10 12:00")


@pytest.fixture
def placement(postgres_url: str) -> Placement:
    return new_placement(postgres_url)


@pytest.fixture
def economy(placement: Placement, clock: Clock):  # type: ignore[no-untyped-def]
    return open_store(placement, clock)


def new_placement(postgres_url: str) -> Placement:
    url = create_database(postgres_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA feast")
    return Placement(url, "macro_cycle")
