"""A registry of its own for each test that asks, on a database of its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from macro_cycle.registry.registry import Registry
from macro_cycle.training.bundle import Bundle
from macro_cycle.warehouse.urls import DatabaseUrl
from macro_cycle_tests.conftest import create_database

NAME, EXPERIMENT = "macro-cycle-hmm", "test"


@pytest.fixture
def new_uri(postgres_url: str, installed_template: str) -> Iterator[Callable[[], str]]:
    """Make an empty MLflow; its tracking URI. MLflow keeps its connections, so each database goes with its test."""
    made: list[str] = []

    def make() -> str:
        made.append(create_database(postgres_url, installed_template))
        return tracking(made[-1])

    yield make
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for url in made:
            connection.execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


@pytest.fixture
def uri(new_uri: Callable[[], str]) -> str:
    """The tracking URI of an empty MLflow."""
    return new_uri()


@pytest.fixture
def opened(uri: str, tmp_path: Path) -> Callable[..., Registry]:
    """Open the same registry once more, as another process would."""

    def open_it(**options: str) -> Registry:
        return Registry(uri, tmp_path / "artifacts", EXPERIMENT, NAME, **options)

    return open_it


@pytest.fixture
def registry(opened: Callable[..., Registry]) -> Registry:
    return opened()


def tracking(url: str) -> str:
    return DatabaseUrl(url).sqlalchemy("psycopg2", schema="mlflow")


def of_month(bundle: Bundle, as_of: str) -> Bundle:
    """The bundle as if it had been trained at the end of another month."""
    return replace(bundle, meta={**bundle.meta, "as_of": as_of})


def identity(bundle: Bundle) -> tuple[str, str]:
    return bundle.meta["as_of"], bundle.meta["model_version"]
