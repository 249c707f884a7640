"""Dagster's storage in the platform's database, embedded or not; named by `dagster.yaml`."""

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from macro_cycle.settings import load_settings
from macro_cycle.stack.postgres import database_url
from macro_cycle.warehouse.urls import DatabaseUrl


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
        """The storage of this process."""
        url = DatabaseUrl(database_url(load_settings()))
        return DagsterPostgresStorage(url.sqlalchemy("psycopg2", schema="dagster"), inst_data=inst_data)
