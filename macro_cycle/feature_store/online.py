"""Feast's PostgreSQL online store that connects again, and that nobody moves back in time.

The guard is a trigger of the table: it binds every client, Feast's own command line included.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from feast import Entity, FeatureView
from feast.infra.online_stores.helpers import compute_table_id
from feast.infra.online_stores.postgres_online_store.postgres import PostgreSQLOnlineStore, PostgreSQLOnlineStoreConfig
from feast.infra.utils.postgres.connection_utils import _get_conn
from feast.repo_config import RepoConfig
from psycopg import Connection, sql

GUARD = """
CREATE OR REPLACE FUNCTION {schema}.refuse_older() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.event_ts, coalesce(NEW.created_ts, 'infinity')) < (OLD.event_ts, coalesce(OLD.created_ts, '-infinity')) THEN
        RAISE EXCEPTION 'the online store holds what was known at %; what was known at % is older and was not written',
            OLD.event_ts, NEW.event_ts;
    END IF;
    RETURN NEW;
END $$
"""
GUARDED = "SELECT FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'only_forward'"
STAMP_OLD = "UPDATE {table} SET event_ts = least(event_ts, created_ts)"
ATTACH = """
CREATE TRIGGER only_forward BEFORE UPDATE ON {table}
FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_older()
"""


class ForwardPostgreSQLOnlineStoreConfig(PostgreSQLOnlineStoreConfig):
    """As Feast's, under this store's name."""

    type: Literal["macro_cycle.feature_store.online.ForwardPostgreSQLOnlineStore"] = (
        "macro_cycle.feature_store.online.ForwardPostgreSQLOnlineStore"
    )


class ForwardPostgreSQLOnlineStore(PostgreSQLOnlineStore):
    """Connections are kept for the next call, one for each thread that is calling.

    A call that finds its connection broken fails; the next makes a new one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: deque[Connection] = deque()

    @contextmanager
    def _get_conn(self, config: RepoConfig, autocommit: bool = False) -> Iterator[Connection]:
        connection = self._take(config)
        try:
            connection.set_autocommit(autocommit)
            yield connection
            connection.rollback()  # nothing, unless the caller left a transaction open
        except BaseException:
            connection.close()
            while self._idle:  # what broke one has probably broken all
                self._idle.pop().close()
            raise
        self._idle.append(connection)

    def _take(self, config: RepoConfig) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            connection = _get_conn(config.online_store)
            connection.execute("SET TIME ZONE 'UTC'")  # Feast writes moments in UTC without saying so
            connection.commit()
            return connection

    def update(
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],
        entities_to_delete: Sequence[Entity],
        entities_to_keep: Sequence[Entity],
        partial: bool,
    ) -> None:
        """Make and drop tables as Feast does, and guard those that stay."""
        super().update(config, tables_to_delete, tables_to_keep, entities_to_delete, entities_to_keep, partial)
        versioned = config.registry.enable_online_feature_view_versioning
        with self._get_conn(config) as connection:
            names = [compute_table_id(config.project, view, versioned) for view in tables_to_keep]
            guard(connection, config.online_store.db_schema, names)
            connection.commit()


def guard(connection: Connection, schema: str, tables: Sequence[str]) -> None:
    """Refuse updates of these tables that would bring an older moment of knowledge over a newer one.

    A table without guard may hold a row of version 0.1, which dated knowledge of an open month to the month's end.
    """
    for table in (sql.Identifier(schema, name) for name in tables):
        if connection.execute(GUARDED, (table.as_string(connection),)).fetchone() is None:
            for statement in (STAMP_OLD, GUARD, ATTACH):
                connection.execute(sql.SQL(statement).format(table=table, schema=sql.Identifier(schema)))
