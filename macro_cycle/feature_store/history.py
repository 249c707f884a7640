"""The record behind the offline store: every content that a month has had, in one table per view.

Rows are only ever added. Tables gain columns and lose none; a column that a row does not have is null in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from feast.types import Float64, PrimitiveFeastType, String, UnixTimestamp
from psycopg import Connection, sql
from psycopg.rows import dict_row

from macro_cycle.errors import MacroCycleError
from macro_cycle.feature_store.definitions import ENTITY, FEATURES_VIEW, REGIMES_VIEW, TTL, VIEWS, Columns
from macro_cycle.feature_store.placement import SCHEMA, table_name
from macro_cycle.feature_store.rows import MonthRow, Stamps, Value
from macro_cycle.warehouse.locks import WAIT_SECONDS
from macro_cycle.warehouse.urls import DatabaseUrl

LOCK = 7_200_000_005
TYPES: dict[PrimitiveFeastType, str] = {
    Float64: "double precision",
    String: "text",
    UnixTimestamp: "timestamp with time zone",
}
STAMPS = (ENTITY, "event_timestamp", "created", "digest")


def hold_lock(connection: Connection) -> None:
    """Wait for everybody else who writes or registers, and keep them out until the transaction ends.

    Raises:
        MacroCycleError: somebody else has held the lock for `WAIT_SECONDS`.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{WAIT_SECONDS:.0f}s",))
    try:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    except psycopg.errors.LockNotAvailable:
        raise MacroCycleError(
            f"another process has written to the feature store for {WAIT_SECONDS:g} s; see whether it hangs, or try "
            f"again when it is done"
        ) from None
    connection.execute("SET LOCAL lock_timeout = DEFAULT")


def ensure(connection: Connection, columns: Mapping[str, Columns]) -> None:
    """Make the tables, with at least these columns."""
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
    for view, wanted in columns.items():
        connection.execute(sql.SQL(CREATE).format(table=_table(view)))
        _add_columns(connection, view, wanted)
        _stamp_old_rows(connection, view)
        for name, indexed in (("moments", MOMENTS), ("months", MONTHS)):
            index = sql.Identifier(f"{table_name(view)}_{name}")
            connection.execute(sql.SQL(indexed).format(index=index, table=_table(view)))


CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    economy text NOT NULL, event_timestamp timestamptz NOT NULL, created timestamptz NOT NULL, digest text)
"""
MOMENTS = "CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table} (economy, event_timestamp DESC, created DESC)"
MONTHS = "CREATE INDEX IF NOT EXISTS {index} ON {table} (economy, as_of, event_timestamp DESC, created DESC)"


def _add_columns(connection: Connection, view: str, wanted: Columns) -> None:
    held = _columns_in(connection, view)
    for name, kind in {"digest": String, **wanted}.items():
        if name not in held:
            addition = sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}")
            connection.execute(addition.format(_table(view), sql.Identifier(name), sql.SQL(TYPES[kind])))


def _stamp_old_rows(connection: Connection, view: str) -> None:
    """Rows of version 0.1 were stamped with the end of their month, even while it was open."""
    query = """
    UPDATE {} SET as_of = date_trunc('day', event_timestamp, 'UTC'), event_timestamp = least(event_timestamp, created)
    WHERE as_of IS NULL
    """
    connection.execute(sql.SQL(query).format(_table(view)))


def columns(connection: Connection) -> dict[str, Columns]:
    """The columns of each view that its table has, those of every economy, in the table's order."""
    return {view: _columns_in(connection, view) for view in VIEWS}


def _columns_in(connection: Connection, view: str) -> Columns:
    query = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attname <> ALL(%s) ORDER BY attnum
    """
    kinds = {text: kind for kind, text in TYPES.items()}
    found = connection.execute(query, (f"{SCHEMA}.{table_name(view)}", list(STAMPS))).fetchall()
    return {name: kinds[text] for name, text in found}


def append(connection: Connection, economy: str, rows: Sequence[MonthRow], now: datetime) -> int:
    """Add, to both views alike, the rows whose content is not the last of their month already; how many were added.

    Raises:
        MacroCycleError: two rows are of one month, or a month has not begun at `now`.
    """
    _refuse_impossible(rows, now)
    last = _last_contents(connection, economy, rows)
    added = [
        (row, Stamps.first(row.as_of, now) if row.as_of not in last else last[row.as_of][0].following(row.as_of, now))
        for row in rows
        if row.as_of not in last or last[row.as_of][1] != row.digest
    ]
    for view, columns in ((FEATURES_VIEW, MonthRow.feature_columns), (REGIMES_VIEW, MonthRow.regime_columns)):
        records = [
            {ENTITY: economy, "event_timestamp": at.event, "created": at.created, "digest": row.digest, **columns(row)}
            for row, at in added
        ]
        _copy(connection, view, records)
    return len(added)


def _refuse_impossible(rows: Sequence[MonthRow], now: datetime) -> None:
    months = [row.as_of for row in rows]
    if len(set(months)) < len(months):
        raise MacroCycleError("two rows of one month cannot be written at once; write one after the other")
    for month in months:
        if month.replace(day=1) > now.date():
            raise MacroCycleError(f"{month:%Y-%m} has not begun on {now:%Y-%m-%d}; nothing can be known of it")


def _last_contents(connection: Connection, economy: str, rows: Sequence[MonthRow]) -> dict[Any, tuple[Stamps, str]]:
    query = """
    SELECT DISTINCT ON (as_of) as_of, event_timestamp, created, digest FROM {}
    WHERE economy = %s AND as_of = ANY(%s) ORDER BY as_of, event_timestamp DESC, created DESC
    """
    months = {row.feature_columns()["as_of"]: row.as_of for row in rows}
    found = connection.execute(sql.SQL(query).format(_table(FEATURES_VIEW)), (economy, list(months)))
    return {months[as_of]: (Stamps(event, created), digest) for as_of, event, created, digest in found}


def _copy(connection: Connection, view: str, records: Sequence[Mapping[str, Value]]) -> None:
    if not records:
        return
    columns = list(dict.fromkeys(name for record in records for name in record))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(_table(view), names)) as copy:
        for record in records:
            copy.write_row([record.get(name) for name in columns])


def newest(connection: Connection, economy: str) -> dict[str, dict[str, Any]]:
    """The newest row of each view, stamps included; empty before the first."""
    query = "SELECT * FROM {} WHERE economy = %s ORDER BY event_timestamp DESC, created DESC LIMIT 1"
    found = {}
    for view in VIEWS:
        with connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(sql.SQL(query).format(_table(view)), (economy,)).fetchone()
        if row is not None:
            found[view] = row
    return found


def rows_of(connection: Connection, view: str, columns: Iterable[str]) -> list[tuple[Any, ...]]:
    """Every row of a view, these columns, by economy and oldest first."""
    query = sql.SQL("SELECT {} FROM {} ORDER BY economy, event_timestamp, created")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return connection.execute(query.format(names, _table(view)), binary=True).fetchall()


def known_at(
    connection: Connection, economy: str, moments: Sequence[datetime], columns: Mapping[str, Iterable[str]]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """For each moment the newest row of each view that had come to be by then, and is not older than Feast's TTL.

    Rows are what `get_historical_features(..., filter_by_created_timestamp=True, full_feature_names=True)` gives, in
    the order of `moments`; an index finds each, so that the work grows with their number alone.
    """
    selected = [(view, column, f"{view}__{column}") for view, wanted in columns.items() for column in wanted]
    query = sql.SQL("SELECT asked.moment, {} FROM unnest(%(moments)s) WITH ORDINALITY asked(moment, n) {} ORDER BY n")
    rows = connection.execute(
        query.format(
            sql.SQL(", ").join(sql.Identifier(view, column) for view, column, _ in selected),
            sql.SQL(" ").join(sql.SQL(LATERAL).format(table=_table(v), view=sql.Identifier(v)) for v in columns),
        ),
        {"moments": list(moments), "economy": economy, "ttl": TTL},
        binary=True,
    ).fetchall()
    return ["event_timestamp", *(name for _, _, name in selected)], rows


LATERAL = """
LEFT JOIN LATERAL (
    SELECT * FROM {table}
    WHERE economy = %(economy)s AND created <= asked.moment
      AND event_timestamp BETWEEN asked.moment - %(ttl)s AND asked.moment
    ORDER BY event_timestamp DESC, created DESC LIMIT 1) {view} ON TRUE
"""


def _table(view: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table_name(view))


def connect(url: str) -> Connection:
    """A connection to the database at `url` whose times are in UTC."""
    connection = psycopg.connect(DatabaseUrl(url).libpq())
    connection.execute("SET TIME ZONE 'UTC'")
    return connection
