"""Where Feast keeps what, as its configuration says it. Imports Feast only where its objects are asked for."""

import json
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import FeastSettings
from macro_cycle.warehouse.urls import DatabaseUrl

if TYPE_CHECKING:
    from feast import RepoConfig
    from feast.data_source import DataSource

SCHEMA = "feast"
ONLINE_STORE = "macro_cycle.feature_store.online.ForwardPostgreSQLOnlineStore"
NEVER_EXPIRES = 0


@dataclass(frozen=True)
class Placement:
    """The registry and the history are in PostgreSQL at `url`, schema `feast`.

    The online store is there too, or in `redis` ("host:port,parameter=value"). Feast reads the history there, or with
    DuckDB from the copies in the folder `parquet`.
    """

    url: str = field(repr=False)
    project: str
    redis: str | None = field(default=None, repr=False)
    parquet: Path | None = None

    @classmethod
    def of(cls, settings: FeastSettings, url: str) -> "Placement":
        """As the settings say, in the database at `url`."""
        redis = settings.redis.get_secret_value() if settings.redis else None
        return cls(url, settings.project, redis, settings.parquet_path)

    def sections(self) -> dict[str, Any]:
        """What `feature_store.yaml` says of project, registry and stores."""
        named = DatabaseUrl(self.url)
        postgres = {**named.parts(), "db_schema": SCHEMA}
        return {
            "project": self.project,
            "registry": {
                "registry_type": "sql",
                "path": named.sqlalchemy("psycopg", schema=SCHEMA),
                "cache_ttl_seconds": NEVER_EXPIRES,  # else a read waits for the registry every ten minutes
            },
            "offline_store": {"type": "duckdb"} if self.parquet else {"type": "postgres", **postgres},
            "online_store": {"type": "redis", "connection_string": self.redis}
            if self.redis
            else {"type": ONLINE_STORE, **postgres},
        }

    def environment(self) -> dict[str, str]:
        """The variables that the `feature_store.yaml` of `.ops/.feast` consists of; they hold passwords."""
        return {f"FEAST_{name.upper()}": json.dumps(section) for name, section in self.sections().items()}

    def repo_config(self) -> "RepoConfig":
        """The same for Feast's Python API.

        Raises:
            MacroCycleError: a package for Redis or DuckDB is not installed.
        """
        from feast import RepoConfig

        for extra, wanted, module in (("redis", self.redis, "redis"), ("duckdb", self.parquet, "ibis")):
            if wanted and find_spec(module) is None:
                raise MacroCycleError(f"{extra} is not installed; run: pip install 'macro-cycle[{extra}]'")

        return RepoConfig(**self.sections(), provider="local", entity_key_serialization_version=3)

    def source(self, view: str) -> "DataSource":
        """Where Feast reads a view's history."""
        from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource

        from macro_cycle.feature_store.parquet import file_source

        if self.parquet:
            return file_source(self.parquet, view)
        return PostgreSQLSource(
            name=f"{view}_source",
            table=f"{SCHEMA}.{table_name(view)}",
            timestamp_field="event_timestamp",
            created_timestamp_column="created",
        )


def table_name(view: str) -> str:
    """The table of a view's history."""
    return f"{view}_history"
