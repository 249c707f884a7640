"""The table `records`: append-only; of each cycle, asset and month the newest record stands.

A failure is a row of its own. It does not unseat the record made before, which names what it was made from; whoever
receives it sees whether that is still what there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, Row, Select, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import as_of_day, key_of
from macro_cycle.records.types import Record
from macro_cycle.warehouse.locks import hold_until_commit
from macro_cycle.warehouse.tables import records

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Failure:
    """Why an asset could not be made for a month."""

    asset: str
    month: str
    reason: str


class RecordStore:
    """The records of one cycle."""

    def __init__(self, engine: Engine, cycle: str) -> None:
        self._engine, self._cycle = engine, cycle

    def append(self, asset: str, made: Iterable[Record]) -> None:
        """Keep records of an asset; one that says what the standing one says is not kept again."""
        documents = {record.as_of: record.model_dump(mode="json") for record in made}
        self._append(asset, documents, dict.fromkeys(documents))

    def fail(self, asset: str, month: str, reason: str) -> None:
        """Keep that an asset could not be made for a month."""
        day = as_of_day(month).date()
        self._append(asset, {day: None}, {day: reason})

    def load(self, asset: str, kind: type[R], months: Sequence[str]) -> dict[str, R]:
        """The standing records of these months, by month; months without one are left out."""
        with self._engine.connect() as connection:
            rows = connection.execute(self._newest(asset, months).where(records.c.document.is_not(None)))
            return {key_of(row.as_of): kind.model_validate(row.document) for row in rows}

    def one(self, asset: str, kind: type[R], month: str) -> R:
        """The standing record of a month.

        Raises:
            MacroCycleError: there is none; the line says what to materialize, or why that failed.
        """
        if (found := self.load(asset, kind, [month]).get(month)) is not None:
            return found
        for failure in self.failures([month]):
            if failure.asset == asset:
                raise MacroCycleError(f"{asset} could not be made for {month[:7]}: {failure.reason}")
        raise MacroCycleError(f"there is no {asset} for {month[:7]}; materialize {asset} for that month first")

    def newest(self, asset: str, kind: type[R]) -> R | None:
        """The record of the newest month that has one."""
        query = self._rows(asset).where(records.c.document.is_not(None))
        row = self._first(query.order_by(records.c.as_of.desc(), records.c.id.desc()))
        return kind.model_validate(row.document) if row else None

    def history(self, asset: str, kind: type[R]) -> list[R]:
        """Every record ever kept of an asset, in the order in which they were kept."""
        query = self._rows(asset).where(records.c.document.is_not(None)).order_by(records.c.id)
        with self._engine.connect() as connection:
            return [kind.model_validate(row.document) for row in connection.execute(query)]

    def recorded_after(self, asset: str, kind: type[R], moment: datetime | None) -> list[tuple[datetime, R]]:
        """Records kept after a moment (None: the standing one of the newest month), with their own, in that order."""
        if moment is None:
            query = self._rows(asset).where(records.c.document.is_not(None))
            row = self._first(query.order_by(records.c.as_of.desc(), records.c.id.desc()))
            return [(row.recorded_at, kind.model_validate(row.document))] if row else []
        query = self._rows(asset).where(records.c.document.is_not(None), records.c.recorded_at > moment)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(records.c.id))
            return [(row.recorded_at, kind.model_validate(row.document)) for row in rows]

    def failures(self, months: Sequence[str]) -> list[Failure]:
        """What could not be made for these months, by month and in the order in which it was tried."""
        query = select(records).ext(distinct_on(records.c.asset, records.c.as_of)).where(*self._of(months))
        query = query.order_by(records.c.asset, records.c.as_of, records.c.id.desc())
        with self._engine.connect() as connection:
            rows = sorted(connection.execute(query), key=lambda row: (row.as_of, row.id))
        return [Failure(row.asset, key_of(row.as_of), row.failure) for row in rows if row.failure is not None]

    def _append(self, asset: str, documents: Mapping[date, Any], failures: Mapping[date, str | None]) -> None:
        if not documents:
            return
        with self._engine.begin() as connection:
            hold_until_commit(connection, "records")
            query = self._newest(asset, [key_of(day) for day in documents])
            newest = {row.as_of: row for row in connection.execute(query)}
            rows = [
                {
                    "cycle": self._cycle,
                    "asset": asset,
                    "as_of": day,
                    "version": document["version"] if document else None,
                    "document": document,
                    "failure": failures[day],
                }
                for day, document in documents.items()
                if day not in newest or (newest[day].document, newest[day].failure) != (document, failures[day])
            ]
            if rows:
                connection.execute(insert(records), rows)

    def _newest(self, asset: str, months: Sequence[str]) -> Select:
        """The newest row of each of the months, failures included."""
        query = self._rows(asset).ext(distinct_on(records.c.as_of)).where(*self._of(months))
        return query.order_by(records.c.as_of, records.c.id.desc())

    def _rows(self, asset: str) -> Select:
        return select(records).where(records.c.cycle == self._cycle, records.c.asset == asset)

    def _of(self, months: Sequence[str]) -> tuple[Any, ...]:
        days = [as_of_day(month).date() for month in months]
        return records.c.cycle == self._cycle, records.c.as_of.in_(days)

    def _first(self, query: Select) -> Row | None:
        with self._engine.connect() as connection:
            return connection.execute(query.limit(1)).first()
