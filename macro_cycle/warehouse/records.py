"""What is kept beside the calls: why they moved, what was served, and how well they did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine, Select, Text, cast, or_, select
from sqlalchemy.dialects.postgresql import insert

from macro_cycle.errors import NothingYetError
from macro_cycle.warehouse.tables import evaluations, news, served

DAYS = ["as_of", "since", "reference_month", "since_reference_month"]
PART_COLUMNS = [*DAYS, "kind", "series_id", "contribution", "standard_error"]


@dataclass(frozen=True)
class ServedAnswer:
    """What the endpoint was seen to answer after a deployment."""

    as_of: date
    model_version: str
    registry_version: str
    endpoint: str
    label: str
    recession_probability: float
    served_at: datetime | None = None


class NewsStore:
    """A cycle's part of the `news` table: for each month end, the parts of the change since an earlier one."""

    def __init__(self, engine: Engine, cycle: str) -> None:
        self._engine, self._cycle = engine, cycle

    def save(self, document: Mapping[str, Any]) -> None:
        """Keep a document of `evaluation.news.News`, in place of another of the same month end."""
        statement = insert(news).values(cycle=self._cycle, **document)
        given = {c.name: statement.excluded[c.name] for c in news.columns if c.name not in ("cycle", "as_of")}
        other = or_(*(cast(news.c[name], Text).is_distinct_from(cast(value, Text)) for name, value in given.items()))
        with self._engine.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["cycle", "as_of"], set_=given, where=other)
            )

    def load(self, as_of: date) -> dict[str, Any]:
        """The document kept for a month end.

        Raises:
            NothingYetError: regime_news has not been materialized for that month.
        """
        with self._engine.connect() as connection:
            row = (
                connection.execute(select(news).where(news.c.cycle == self._cycle, news.c.as_of == as_of))
                .mappings()
                .first()
            )
        if row is None:
            raise NothingYetError(f"no news as of {as_of:%Y-%m}; materialize regime_news for that month first")
        return {name: value for name, value in row.items() if name != "cycle"}

    def all(self) -> list[dict[str, Any]]:
        """The documents of all month ends, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(self._mine().order_by(news.c.as_of)).mappings()
            return [{name: value for name, value in row.items() if name != "cycle"} for row in rows]

    def parts(self) -> pd.DataFrame:
        """Every part of every month end, oldest first: `PART_COLUMNS`."""
        rows = self.all()
        if not rows:
            raise NothingYetError("no news yet; run `macro-cycle run` or `macro-cycle backfill` first")
        month_end = [*DAYS, "standard_error"]
        parts = [{**{name: row[name] for name in month_end}, **part} for row in rows for part in row["parts"]]
        dates = {name: lambda frame, name=name: pd.to_datetime(frame[name]) for name in DAYS}
        return pd.DataFrame(parts, columns=PART_COLUMNS).assign(**dates)

    def _mine(self) -> Select:
        return select(news).where(news.c.cycle == self._cycle)


class ServedStore:
    """A cycle's part of the `served` table: append-only."""

    def __init__(self, engine: Engine, cycle: str) -> None:
        self._engine, self._cycle = engine, cycle

    def append(self, answer: ServedAnswer) -> None:
        """Record what the endpoint answered."""
        values = {name: value for name, value in vars(answer).items() if name != "served_at"}
        with self._engine.begin() as connection:
            connection.execute(insert(served).values(cycle=self._cycle, **values))

    def last(self, as_of: date) -> ServedAnswer | None:
        """The last answer served by a model of that month end, or None."""
        mine = select(served).where(served.c.cycle == self._cycle, served.c.as_of == as_of)
        return self._first(mine.order_by(served.c.id.desc()))

    def _first(self, query: Select) -> ServedAnswer | None:
        with self._engine.connect() as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return ServedAnswer(**{name: row[name] for name in ServedAnswer.__dataclass_fields__}) if row else None


class EvaluationStore:
    """A cycle's part of the `evaluations` table: append-only."""

    def __init__(self, engine: Engine, cycle: str) -> None:
        self._engine, self._cycle = engine, cycle

    def append(self, as_of: date, data_version: str, document: Mapping[str, Any]) -> None:
        """Record an evaluation unless the last one scored the same."""
        with self._engine.begin() as connection:
            if connection.execute(self._last()).scalar() != document:
                row = {"as_of": as_of, "data_version": data_version, "document": document}
                connection.execute(insert(evaluations).values(cycle=self._cycle, **row))

    def last(self) -> dict[str, Any]:
        """The newest evaluation.

        Raises:
            NothingYetError: there is none.
        """
        with self._engine.connect() as connection:
            document = connection.execute(self._last()).scalar()
        if document is None:
            raise NothingYetError("nothing has been evaluated yet; run `macro-cycle evaluate` first")
        return dict(document)

    def _last(self) -> Select:
        mine = select(evaluations.c.document).where(evaluations.c.cycle == self._cycle)
        return mine.order_by(evaluations.c.id.desc()).limit(1)
