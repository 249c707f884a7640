"""Dagster's storage in the platform's database, embedded or not; named by `dagster.yaml`."""

from collections.abc import Mapping
from typing import Any

from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import CreateEnginePlugin
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import URL

from macro_cycle.dagster_internals import ConfigurableClassData
from macro_cycle.platform.settings import read_settings
from macro_cycle.stack.postgres import database_url
from macro_cycle.warehouse.urls import DatabaseUrl

STATEMENT_TIMEOUT_MS = 60_000
POOL_RECYCLE_SECONDS = 3600
MAX_OVERFLOW = 20
PLUGIN = "macro_cycle.pre_ping"


class PrePing(CreateEnginePlugin):
    """Tries a kept connection before it is used again, so that a restart of the database goes unnoticed.

    Dagster makes its engines itself, from the URL: the URL names this plugin.
    """

    def update_url(self, url: URL) -> URL:
        """The URL as the driver takes it."""
        return url.difference_update_query(["plugin"])

    def handle_pool_kwargs(self, pool_class: type, pool_args: dict[str, Any]) -> None:
        """Have the pool ping."""
        pool_args["pre_ping"] = True


plugins.register(PLUGIN, __name__, PrePing.__name__)


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
        for part in (storage.event_log_storage, storage.run_storage, storage.schedule_storage):
            part.optimize_for_webserver(STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, MAX_OVERFLOW)
        return storage
