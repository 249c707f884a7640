"""The one wrapper through which features are written to and read from Feast."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ.setdefault("FEAST_USAGE", "False")

import pandas as pd
import psycopg
from feast import FeatureStore, RepoConfig
from psycopg import sql

from macro_cycle.errors import MacroCycleError
from macro_cycle.feature_store.definitions import (
    ENTITY,
    FEATURES_VIEW,
    REGIMES_VIEW,
    SCHEMA,
    economy,
    feature_views,
    table_name,
)
from macro_cycle.feature_store.rows import MonthRow
from macro_cycle.warehouse.urls import DatabaseUrl

APPEND_LOCK = 7_200_000_005
COLUMN_TYPES = {"Float64": "double precision", "String": "text", "UnixTimestamp": "timestamptz"}


@dataclass(frozen=True)
class OnlineRow:
    """The newest values, and how long ago they were known."""

    values: Mapping[str, Any]
    age: timedelta


def repo_config(url: str, project: str) -> RepoConfig:
    """Feast on the schema `feast` of the platform's database: registry, offline and online store."""
    named = DatabaseUrl(url)
    connection = {**named.parts(), "type": "postgres", "db_schema": SCHEMA}
    registry = {"registry_type": "sql", "path": named.sqlalchemy("psycopg", schema=SCHEMA)}
    return RepoConfig(
        project=project,
        provider="local",
        registry=registry,
        offline_store=connection,
        online_store=connection,
        entity_key_serialization_version=3,
    )


class EconomyStore:
    """Features and probabilities of one economy.

    `features` are the panel's columns, `labels` the regimes'. A month's row is kept for each content it ever had.
    """

    def __init__(self, url: str, project: str, name: str, features: Sequence[str], labels: Sequence[str]) -> None:
        self._url = DatabaseUrl(url)
        self._name = name
        self._store = FeatureStore(config=repo_config(url, project))
        self._views = feature_views(features, labels)

    def apply(self) -> None:
        """Make the tables and register entity and views; safe to repeat, columns are only ever added."""
        with psycopg.connect(self._url.libpq()) as connection:
            for view in self._views:
                _ensure_table(connection, view.name, {f.name: f.dtype for f in view.schema})
        self._store.apply([economy, *self._views])

    def write_offline(self, rows: Sequence[MonthRow]) -> int:
        """Add the rows whose content is not the newest of their month already; how many were added."""
        with psycopg.connect(self._url.libpq()) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (APPEND_LOCK,))
            return sum(
                _append(connection, view, self._name, row.as_of, values)
                for row in rows
                for view, values in ((FEATURES_VIEW, row.features), (REGIMES_VIEW, row.regimes))
            )

    def materialize_online(self, as_of: pd.Timestamp) -> None:
        """Bring the online store up to the month end `as_of`.

        Raises:
            MacroCycleError: it already holds a newer month, which an older one must not overwrite.
        """
        moment = _moment(as_of)
        held = self._online_moment()
        if held is not None and held > moment:
            raise MacroCycleError(
                f"the online store holds {held:%Y-%m}; {as_of:%Y-%m} is older and was not written over it"
            )
        self._store.materialize(moment - timedelta(seconds=1), moment + timedelta(seconds=1))

    def read_online(self) -> OnlineRow:
        """The newest values of both views.

        Raises:
            MacroCycleError: nothing was materialized yet.
        """
        references = [f"{view.name}:{f.name}" for view in self._views for f in view.features]
        found = self._store.get_online_features(
            features=references, entity_rows=[{ENTITY: self._name}], full_feature_names=True
        ).to_dict()
        values = {name: column[0] for name, column in found.items()}
        moment = self._online_moment()
        if moment is None or all(v is None for k, v in values.items() if k != ENTITY):
            raise MacroCycleError("the online store is empty; materialize feast_materialization first")
        return OnlineRow(values, datetime.now(UTC) - moment)

    def read_history(self, moments: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """The values known at each moment; what was revised or recomputed later is not seen."""
        entities = pd.DataFrame({ENTITY: self._name, "event_timestamp": pd.to_datetime(moments, utc=True)})
        references = [f"{view.name}:{f.name}" for view in self._views for f in view.features]
        job = self._store.get_historical_features(
            entities, references, full_feature_names=True, filter_by_created_timestamp=True
        )
        return job.to_df().sort_values("event_timestamp").reset_index(drop=True)

    def _online_moment(self) -> datetime | None:
        """Event timestamp of the newest online value."""
        table = f"{self._store.project}_{FEATURES_VIEW}"
        with psycopg.connect(self._url.libpq()) as connection:
            exists = connection.execute("SELECT to_regclass(%s)", (f'{SCHEMA}."{table}"',)).fetchone()
            if exists is None or exists[0] is None:
                return None
            query = sql.SQL("SELECT max(event_ts) FROM {}").format(sql.Identifier(SCHEMA, table))
            row = connection.execute(query).fetchone()
        return row[0].replace(tzinfo=row[0].tzinfo or UTC) if row and row[0] else None


def _moment(as_of: pd.Timestamp) -> datetime:
    """The last second of the day, UTC."""
    return (as_of.normalize() + timedelta(days=1, seconds=-1)).tz_localize("UTC").to_pydatetime()


def _ensure_table(connection: psycopg.Connection, view: str, columns: Mapping[str, Any]) -> None:
    table = sql.Identifier(SCHEMA, table_name(view))
    connection.execute(
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {} (economy text NOT NULL, event_timestamp timestamptz NOT NULL, "
            "created timestamptz NOT NULL DEFAULT clock_timestamp())"
        ).format(table)
    )
    for name, dtype in columns.items():
        if name == ENTITY:
            continue
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                table, sql.Identifier(name), sql.SQL(COLUMN_TYPES[str(dtype)])
            )
        )


APPEND = """
INSERT INTO {table} (economy, event_timestamp, created, {columns})
SELECT %(economy)s, %(moment)s,
       CASE WHEN last.data_version IS NULL THEN least(%(moment)s, clock_timestamp()) ELSE clock_timestamp() END,
       {marks}
FROM (SELECT 1) one LEFT JOIN (
    SELECT data_version FROM {table} WHERE economy = %(economy)s AND event_timestamp = %(moment)s
    ORDER BY created DESC LIMIT 1) last ON TRUE
WHERE last.data_version IS DISTINCT FROM %(data_version)s
"""


def _append(
    connection: psycopg.Connection, view: str, name: str, as_of: pd.Timestamp, values: Mapping[str, Any]
) -> bool:
    """Insert the row unless the newest of its month has the same data version; whether it was inserted.

    The first row of a month holds what was known at its end and is dated so; a later content is dated by the clock.
    """
    query = sql.SQL(APPEND).format(
        table=sql.Identifier(SCHEMA, table_name(view)),
        columns=sql.SQL(", ").join(map(sql.Identifier, values)),
        marks=sql.SQL(", ").join(map(sql.Placeholder, values)),
    )
    return connection.execute(query, {**values, "economy": name, "moment": _moment(as_of)}).rowcount == 1
