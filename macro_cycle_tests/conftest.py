"""What tests share: one embedded PostgreSQL for the session, a new database for each test that wants one."""

import contextlib
import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import settings

from macro_cycle_tests.reports import pytest_runtest_makereport
from macro_cycle_tests.shapes import check_shapes
from macro_cycle_tests.spreading import ByGroup, slowest_first
from macro_cycle_tests.temporary import pytest_configure, pytest_sessionfinish

if TYPE_CHECKING:
    from macro_cycle.warehouse import Warehouse

__all__ = ["pytest_configure", "pytest_runtest_makereport", "pytest_sessionfinish"]

os.environ["MLFLOW_SQLALCHEMYSTORE_POOLCLASS"] = "NullPool"  # MLflow keeps its stores, and one server serves all tests
PORTS_FROM, PORTS_EACH = 16_000, 4_000  # below those that the kernel gives to whoever asks for any
_numbers, _ports = itertools.count(), itertools.count(os.getpid())
check_shapes()

# No example fails for its time: a busy machine is slow. In CI the rest is hypothesis' profile of that name, which
# draws the same examples in every run.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


# The collector of garbage need not go through the imported modules again and again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    return ByGroup(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = slowest_first(items)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the maintenance database of an embedded PostgreSQL that lives as long as the session."""
    from macro_cycle.stack.postgres import embedded_server

    with embedded_server(tmp_path_factory.mktemp("postgres")) as server:
        forget_durability(server.get_uri())
        yield server.get_uri()


@pytest.fixture(autouse=True)
def _connections_end_with_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A platform keeps its connections as long as its process lives; one server serves all tests of this one."""
    from macro_cycle.warehouse import warehouse as module

    made, honest = [], module.create_engine

    def create_engine(*arguments, **options):  # type: ignore[no-untyped-def]
        made.append(honest(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(module, "create_engine", create_engine)
    yield
    for engine in made:
        engine.dispose()


def forget_durability(url: str) -> None:
    """A test's data need not survive a power cut: nothing waits for the disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


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
def database_url(postgres_url: str) -> Iterator[str]:
    """An empty database; whoever still holds a connection to it after the test, as Feast does, loses it."""
    from sqlalchemy.engine import make_url

    url = create_database(postgres_url)
    yield url
    sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sessions, [make_url(url).database])


@pytest.fixture
def platform(installed_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The whole platform on a database and in a home of its own, which other processes find in the environment."""
    from macro_cycle.resources.platform import Platform

    monkeypatch.setenv("MACRO_CYCLE_DATABASE_URL", installed_url)
    monkeypatch.setenv("MACRO_CYCLE_HOME", str(tmp_path / "home"))
    return Platform.from_environment()


@pytest.fixture(scope="session")
def installed_template(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with the tables of MLflow, whose making takes seconds, and an empty warehouse."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    from macro_cycle.platform.settings import Settings
    from macro_cycle.resources.platform import Platform
    from macro_cycle.stack.tracking import tracking_uri

    url, home = create_database(postgres_url), tmp_path_factory.mktemp("template")
    platform = Platform(Settings(database_url=url, home=home))
    platform.warehouse.engine.dispose()
    SqlAlchemyStore(tracking_uri(platform.settings), str(home / "unused")).engine.dispose()
    return database_named_in(url)


@pytest.fixture
def installed_url(postgres_url: str, installed_template: str) -> Iterator[str]:
    """A database with empty tables of warehouse and MLflow; it goes with the test, whoever still holds it."""
    url = create_database(postgres_url, installed_template)
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{database_named_in(url)}" WITH (FORCE)')


@pytest.fixture(scope="session")
def bundle():  # type: ignore[no-untyped-def]
    """The deployment bundle of the default model, trained on the sample as known at the end of 2007."""
    return bundle_as_of("2007-12-01")


def bundle_as_of(month: str):  # type: ignore[no-untyped-def]
    """A bundle trained on the sample as known at the end of `month`."""
    from macro_cycle.cycles import shipped
    from macro_cycle.features import build_panel
    from macro_cycle.observations import Catalog
    from macro_cycle.platform.months import as_of_day
    from macro_cycle.sources import known_on
    from macro_cycle.sources.sample import Sample
    from macro_cycle.training.train import bundle_of, train

    catalog, features, day = Catalog.load(), shipped().features, as_of_day(month)
    observations = Sample(catalog).observations(features.series_ids)
    panel = build_panel(known_on(observations, day), catalog, features)
    return bundle_of(train(panel, shipped().hmm_config()), panel, day)


def free_port() -> int:
    """A port of this machine that nobody listens on, of those that this process of the tests may take."""
    import socket

    first = PORTS_FROM + PORTS_EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = first + next(_ports) % PORTS_EACH
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """Name of a database whose warehouse is empty and up to date."""
    from macro_cycle.warehouse import Warehouse

    url = create_database(postgres_url)
    warehouse = Warehouse(url)
    warehouse.migrate()
    warehouse.engine.dispose()
    return database_named_in(url)


@pytest.fixture
def warehouse(postgres_url: str, migrated_template: str) -> "Iterator[Warehouse]":
    """An empty warehouse."""
    from macro_cycle.warehouse import Warehouse

    store = Warehouse(create_database(postgres_url, migrated_template))
    yield store
    store.engine.dispose()


def database_named_in(url: str) -> str:
    """The database that a URL names."""
    from sqlalchemy.engine import make_url

    return str(make_url(url).database)
