"""A PostgreSQL mirror of FRED: tables `series` and `time_series` in any schema, read and never written.

Where `time_series` has realtime_start (and realtime_end) they say when a value was known. Otherwise a value is taken
to have been published with the catalogue's lag, and the warehouse remembers each change that a later load sees.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SourceName
from macro_cycle.sources.base import SourceError, refuse_unknown
from macro_cycle.sources.intervals import CELL, DAY, OPEN_END, days, facts_of, is_missing, numbers
from macro_cycle.sources.schema import KEY, checked, refusal
from macro_cycle.sources.undated import with_publication_lags

REALTIME = ("realtime_start", "realtime_end")
INFINITY = "infinity"
CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
LONGEST_STATEMENT = "120s"
TIME_OUTS = """
SELECT set_config(name, %s, true) FROM unnest(ARRAY['statement_timeout', 'lock_timeout']) AS name
WHERE current_setting(name) = '0'
"""


class FredPostgres:
    """The mirror at `url`, a PostgreSQL URL, in `schema`."""

    name: ClassVar[SourceName] = "fred_postgres"
    has_vintages: ClassVar[bool] = False
    incremental: ClassVar[bool] = False

    def __init__(self, url: str, schema: str, catalog: Catalog) -> None:
        libpq = _libpq(url)
        if libpq is None:
            raise SourceError(f"{self._name} needs MACRO_CYCLE_SOURCE_PATH=postgresql://user:password@host/database")
        self._url, self._schema, self._catalog = libpq, schema, catalog

    def available(self) -> list[str]:
        """The ids in `series`."""
        return sorted(self._ids())

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """The values of `time_series`; see `Source.observations`."""
        wanted, ids = [self._catalog.canonical_id(name) for name in series_ids], self._ids()
        refuse_unknown(wanted, sorted(ids), self._name)
        rows = self._time_series([ids[series_id] for series_id in wanted])
        dated = rows["realtime_start"].notna()
        facts = facts_of(_with_ends(rows[dated]), self._name)
        if not dated.all():
            values = rows.loc[~dated, ["series_id", "date", "value"]]
            facts = pd.concat([facts, with_publication_lags(values, self._catalog)])
        facts = checked(facts, self._name)
        return facts if since is None else facts[facts["realtime_start"] >= since].reset_index(drop=True)

    def last_updated(self) -> str:
        """A hash of what `series` says of its newest update, or of the size of `time_series` where it says nothing."""
        table, newest = (
            ("series", "last_updated") if "last_updated" in self._columns("series") else ("time_series", "date")
        )
        query = sql.SQL("SELECT count(*), max({})::text FROM {}").format(sql.Identifier(newest), self._table(table))
        state = self._read(query)
        return hashlib.sha256(repr(state).encode()).hexdigest()[:16]

    @property
    def _name(self) -> str:
        return "the PostgreSQL mirror of FRED"

    def _ids(self) -> dict[str, str]:
        """The mirror's ids by FRED's."""
        names = self._read(sql.SQL("SELECT series_id FROM {}").format(self._table("series")))
        return {self._catalog.canonical_id(name): name for (name,) in names}

    def _time_series(self, names: list[str]) -> pd.DataFrame:
        """series_id, date, value and the realtime days, NaT where the mirror has none."""
        held = self._columns("time_series")
        columns = ["series_id", "date", "value", *(name for name in REALTIME if name in held)]
        cells = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
        query = sql.SQL("SELECT {} FROM {} WHERE series_id = ANY(%s)").format(cells, self._table("time_series"))
        texts = pd.DataFrame(self._read(query, [names]), columns=columns)
        return self._parsed(texts.reindex(columns=["series_id", "date", "value", *REALTIME]).astype("string"))

    def _parsed(self, texts: pd.DataFrame) -> pd.DataFrame:
        rows = pd.DataFrame({name: days(texts[name]) for name in ("date", *REALTIME)})
        rows = rows.assign(value=numbers(texts["value"]))
        open_end = texts["realtime_end"].isna() | texts["realtime_end"].str.slice(0, 10).isin([OPEN_END, INFINITY])
        faulty = (
            rows["date"].isna()
            | (rows["value"].isna() & ~is_missing(texts["value"]))
            | (rows["realtime_start"].isna() & texts["realtime_start"].notna())
            | (rows["realtime_end"].isna() & ~open_end)
        )
        if faulty.any():
            written = texts[faulty].fillna("null").agg(" ".join, axis=1)
            raise SourceError(refusal(self._name, [f"time_series: {row}" for row in written]))
        return rows.assign(series_id=texts["series_id"].map(self._catalog.canonical_id).astype(object))

    def _columns(self, table: str) -> set[str]:
        query = sql.SQL(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        )
        return {name for (name,) in self._read(query, [self._schema, table])}

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self._schema, name)

    def _read(self, query: sql.SQL | sql.Composed, parameters: Sequence[Any] = ()) -> list[tuple]:
        try:
            with psycopg.connect(self._url, **CONNECTION) as connection:
                connection.read_only = True
                connection.execute(TIME_OUTS, [LONGEST_STATEMENT])
                return connection.execute(query, parameters).fetchall()
        except psycopg.errors.UndefinedTable:
            fault = f"schema {self._schema} lacks series or time_series; MACRO_CYCLE_DATA__SOURCE_SCHEMA names another"
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            fault = f"a statement took longer than {LONGEST_STATEMENT}; is it locked? Try again"
        except psycopg.OperationalError as error:
            fault = f"it does not answer: {str(error).strip().splitlines()[0]}"
        except psycopg.Error as error:
            fault = str(error).strip().splitlines()[0]
        raise SourceError(f"{self._name} cannot be read; {fault}")


def _libpq(url: str) -> str | None:
    """The URL without SQLAlchemy's driver; None: it is not one of PostgreSQL. No error quotes it."""
    scheme, separator, rest = url.partition("://")
    plain = f"postgresql://{rest}"
    try:
        conninfo_to_dict(plain)
    except psycopg.Error:
        return None
    return plain if separator and scheme.partition("+")[0] in ("postgresql", "postgres") else None


def _with_ends(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the day on which each last held.

    A row without an end, or that ends on its first day, which is how FRED answers who asks for no history, holds
    until the next of its observation.
    """
    ordered = rows.sort_values(KEY, kind="stable")
    until_next = ordered.groupby(CELL)["realtime_start"].shift(-1) - DAY
    ends = ordered["realtime_end"]
    return ordered.assign(realtime_end=ends.mask(ends.isna() | (ends == ordered["realtime_start"]), until_next))
