"""Dagster's storage in the platform's database, embedded or not; named by `dagster.yaml`."""

import inspect
import os
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import dagster as dg
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import CreateEnginePlugin, Dialect, Engine, event
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
)

from macro_cycle.dagster_internals import ConfigurableClassData, EventLogEntry, store_planned
from macro_cycle.platform.settings import read_settings
from macro_cycle.stack.orphans import SERVICE
from macro_cycle.stack.postgres import CHECK_SECONDS, database_url
from macro_cycle.warehouse.urls import DatabaseUrl

STATEMENT_TIMEOUT_MS = 60_000
POOL_RECYCLE_SECONDS = 3600
MAX_OVERFLOW = 20
PATIENT_SECONDS = 10.0
"""For one connection: dagster-postgres asks for one six times, which makes a minute and more."""
TRIES = 6  # of what lost its connection
PLUGIN = "macro_cycle.outlasting"
ASKED_AGAIN = ("add_run_tags", "fetch_", "get_", "has_", "store_event", "handle_run_event")
"""What a method begins with that reads, or may be done twice."""


class Outlasting(CreateEnginePlugin):
    """Connections that outlast a restart of the database, so that no run and no daemon notices it.

    A kept one is tried before it is used again, and a service waits for a new one; a command is told at once. Dagster
    makes its engines itself, from the URL: the URL names this plugin.
    """

    def update_url(self, url: URL) -> URL:
        """The URL as the driver takes it."""
        return url.difference_update_query(["plugin"])

    def handle_pool_kwargs(self, pool_class: type, pool_args: dict[str, Any]) -> None:
        """Have the pool ping."""
        pool_args["pre_ping"] = True

    def engine_created(self, engine: Engine) -> None:
        """Have a service wait."""
        if SERVICE in os.environ:
            event.listen(engine, "do_connect", _connected)


def _connected(
    dialect: Dialect, _entry: ConnectionPoolEntry, arguments: tuple[Any, ...], named: dict[str, Any]
) -> DBAPIConnection:
    patiently = Retrying(
        retry=retry_if_exception_type(dialect.loaded_dbapi.OperationalError),
        stop=stop_after_delay(PATIENT_SECONDS),
        wait=wait_fixed(CHECK_SECONDS),
        reraise=True,
    )
    return patiently(dialect.connect, *arguments, **named)


plugins.register(PLUGIN, __name__, Outlasting.__name__)


class PlatformStorage(DagsterPostgresStorage):
    """dagster-postgres on the schema `dagster` of the database that the settings name."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: one dagster.yaml serves every database."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> DagsterPostgresStorage:
        """The storage of this process.

        Every process keeps its connections, as dagster-postgres has it for the web server alone: a new one per
        event costs more than the event.
        """
        url = DatabaseUrl(database_url(read_settings())).sqlalchemy("psycopg2", schema="dagster")
        storage = DagsterPostgresStorage(f"{url}&plugin={PLUGIN}", inst_data=inst_data)
        _store_planned_at_once(storage.event_log_storage)
        for part in (storage.event_log_storage, storage.run_storage, storage.schedule_storage):
            part.optimize_for_webserver(STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, MAX_OVERFLOW)
            _ask_again(part)
        return storage


def _store_planned_at_once(storage: Any) -> None:
    """Have a storage of events take what a run plans to make of an asset as one batch, not partition by partition."""
    as_dagster_does = storage.store_event_batch

    def store_event_batch(events: Sequence[EventLogEntry]) -> None:
        for (kind, _), alike in groupby(events, _kind_and_asset):
            if kind is dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
                store_planned(storage, list(alike))
            else:
                as_dagster_does(list(alike))

    storage.store_event_batch = store_event_batch


def _kind_and_asset(event: EventLogEntry) -> tuple[dg.DagsterEventType, dg.AssetKey | None]:
    return event.get_dagster_event().event_type, event.get_dagster_event().asset_key


def _ask_again(part: object) -> None:
    """Have a storage be asked again where its connection is lost under a statement, each of which commits for itself.

    Dagster writes and reads most of them outside the code of a step, where nothing else would try again.
    """
    again = Retrying(retry=retry_if_exception(_is_lost), stop=stop_after_attempt(TRIES), reraise=True)
    for name, _ in inspect.getmembers(type(part), inspect.isfunction):
        if name.startswith(ASKED_AGAIN):
            setattr(part, name, again.wraps(getattr(part, name)))


def _is_lost(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
