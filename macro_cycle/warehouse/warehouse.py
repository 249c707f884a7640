"""The warehouse as its users see it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import psycopg2
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import InterfaceError, OperationalError

from macro_cycle.warehouse import ingestion, observations
from macro_cycle.warehouse.locks import exclusive, hold_until_commit
from macro_cycle.warehouse.tables import SCHEMA
from macro_cycle.warehouse.urls import DatabaseUrl

if TYPE_CHECKING:
    from alembic.config import Config

DRIVER_ERRORS = (psycopg2.OperationalError, psycopg2.InterfaceError)  # as they come from COPY
GONE = (OperationalError, InterfaceError, *DRIVER_ERRORS)


class Warehouse:
    """Observations with their history, in PostgreSQL.

    Raises:
        MacroCycleError: the URL is not one of PostgreSQL.
        OutageError: the database does not answer; on use, of the engine too, by whatever store.
    """

    def __init__(self, url: str) -> None:
        self._url = DatabaseUrl(url)
        self.engine: Engine = create_engine(self._url.sqlalchemy("psycopg2"), pool_pre_ping=True)
        event.listen(self.engine, "handle_error", self._say_that_it_is_away)

    def migrate(self) -> None:
        """Bring the tables up to date; safe to call again and from several processes at once."""
        from alembic import command

        config = _migrations()
        with self._transaction() as connection:
            hold_until_commit(connection, "migrations")
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def refuse_writes(self) -> None:
        """Open every further connection for reading alone: the database itself refuses whatever would change it."""
        event.listen(self.engine, "connect", _read_only)
        self.engine.dispose()

    def ingest(
        self,
        frame: pd.DataFrame,
        *,
        source: str,
        loaded_at: pd.Timestamp | None = None,
        seen_on: pd.Timestamp | None = None,
        looked_at: Sequence[str] = (),
    ) -> ingestion.IngestReport:
        """Merge an observations frame into the store in one transaction; see `ingestion.ingest`.

        `seen_on` is the day that undated values describe: the day of the load, or the day of a file's making.
        """
        with self._answering(), self.engine.connect() as connection:
            return _ingest(connection, frame, source=source, loaded_at=loaded_at, seen_on=seen_on, looked_at=looked_at)

    @contextmanager
    def exclusively(self) -> Iterator[Callable[..., ingestion.IngestReport]]:
        """An `ingest` for a block in which nobody else ingests: what is read there still holds when it is written.

        Each of its calls is a transaction of its own. Other ingestions wait until the block ends.
        """
        with self._answering(), exclusive(self.engine, "ingestion") as connection:
            yield partial(_ingest, connection)

    def as_of(self, day: pd.Timestamp | date, series_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """What was known on `day`: series_id, date, value, realtime_start; one row per series and date."""
        with self._transaction() as connection:
            return observations.as_of(connection, pd.Timestamp(day), series_ids)

    def history(self, series_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Every value ever known: series_id, date, value, realtime_start, realtime_end (NaT: current), estimated."""
        with self._transaction() as connection:
            return observations.history(connection, series_ids)

    def loaded_since(self, moment: datetime, day: pd.Timestamp | date, series_ids: Sequence[str]) -> bool:
        """Whether a value of these series that was known on `day` came into the store after `moment`."""
        with self._transaction() as connection:
            return observations.loaded_since(connection, moment, pd.Timestamp(day), series_ids)

    def facts(self, series_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """What was stated, and on which days: series_id, date, value, realtime_start; estimated days are left out."""
        with self._transaction() as connection:
            return observations.facts(connection, series_ids)

    def publications(self, series_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """How every value came by its day, a row each: what `observations.provenance` is told from.

        Columns: series_id, realtime_start, realtime_end (NaT: current), estimated_on (NaT: the source stated the day)
        and witnessed (two looks at a source without vintages bound the day).
        """
        with self._transaction() as connection:
            return observations.publications(connection, series_ids)

    def series_ids(self) -> list[str]:
        """The series that the store holds."""
        with self._transaction() as connection:
            return observations.series_ids(connection)

    def newest_release(self, series_id: str, source: str) -> pd.Timestamp | None:
        """The newest day on which a value of the series became known that came from `source`; None: none did."""
        with self._transaction() as connection:
            return observations.newest_release(connection, series_id, source)

    def newest_fact(self, series_ids: Sequence[str]) -> pd.Timestamp | None:
        """The newest day on which a value of one of the series was stated; None: none was."""
        with self._transaction() as connection:
            return observations.newest_fact(connection, series_ids)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._answering(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except GONE as error:
            raise self._url.away(error) from None

    def _say_that_it_is_away(self, context: ExceptionContext) -> None:
        error = context.original_exception
        lost = context.is_disconnect or context.connection is None
        if lost and not context.is_pre_ping and isinstance(error, DRIVER_ERRORS):
            raise self._url.away(error)


def _read_only(connection: "psycopg2.extensions.connection", _record: object) -> None:
    connection.set_session(readonly=True)


def revisions() -> set[str]:
    """Every migration that this release knows."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_migrations()).walk_revisions()}


def _migrations() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _ingest(
    connection: Connection,
    frame: pd.DataFrame,
    *,
    source: str,
    loaded_at: pd.Timestamp | None = None,
    seen_on: pd.Timestamp | None = None,
    looked_at: Sequence[str] = (),
) -> ingestion.IngestReport:
    moment = loaded_at or pd.Timestamp.now("UTC")
    with connection.begin():
        return ingestion.ingest(connection, frame, source, moment, (seen_on or moment).date(), looked_at)
