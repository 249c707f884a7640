"""A PostgreSQL mirror of FRED in the layout that mirrors have."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from macro_cycle_tests.sources.worlds import World, alfred_rows

UNDATED = "series_id text, date date, value double precision"
DATED = f"{UNDATED}, realtime_start date, realtime_end date"


def make_mirror(url: str, series_ids: Iterable[str], schema: str = "public", columns: str = UNDATED) -> None:
    """Empty `time_series` with these columns, and `series` naming the series."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
            f'CREATE TABLE "{schema}".time_series ({columns})',
            f'CREATE TABLE "{schema}".series (series_id text, title text, frequency text, units text,'
            " last_updated timestamptz)",
        ):
            connection.execute(sql.SQL(statement))
        insert = sql.SQL("INSERT INTO {}.series VALUES (%s, '', 'M', '', '2020-01-01')").format(sql.Identifier(schema))
        connection.cursor().executemany(insert, [(series_id,) for series_id in series_ids])


def fill(url: str, rows: Iterable[tuple], schema: str = "public") -> None:
    """Put these rows into `time_series` in place of all others."""
    rows = list(rows)
    table = sql.Identifier(schema, "time_series")
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL("DELETE FROM {}").format(table))
        if rows:
            cells = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
            connection.cursor().executemany(sql.SQL("INSERT INTO {} VALUES ({})").format(table, cells), rows)


def dated_rows(world: World) -> list[tuple]:
    """The world's history with the days on which each value held; null where published as missing."""
    return [(s, date, None if value == "." else float(value), *ends) for s, date, value, *ends in alfred_rows(world)]
