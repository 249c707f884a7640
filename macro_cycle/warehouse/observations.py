"""Ingestion and as-of queries of the bitemporal observations.

For each (series_id, date) the store holds a step function of value over real time, in canonical form: a row only
where the value changed, `realtime_end` equal to the next row's `realtime_start`. The form depends on what was
ingested, never on the order or the batching.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, func, select, text

from macro_cycle.warehouse.tables import observations

INGEST_LOCK = 7_200_000_002
COLUMNS = ["series_id", "date", "realtime_start", "value", "estimated"]


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion did, in rows."""

    received: int
    inserted: int
    removed: int

    def __str__(self) -> str:
        return f"{self.received} rows received, {self.inserted} new or revised, {self.removed} superseded"


STAGE = """
CREATE TEMPORARY TABLE incoming (
    series_id text, date date, realtime_start date, value float8, estimated boolean
) ON COMMIT DROP
"""

# A source without vintages says what is current at the load: its first sight of a period is dated by the
# publication lag, a value that differs from the newest one known is a revision made on the day of the load.
DATE_UNDATED = """
UPDATE incoming i
SET realtime_start = CASE WHEN o.value IS NOT DISTINCT FROM i.value THEN o.realtime_start ELSE :day END,
    estimated = o.value IS NOT DISTINCT FROM i.value AND o.estimated
FROM warehouse.observations o
WHERE i.estimated AND o.series_id = i.series_id AND o.date = i.date AND o.realtime_end = 'infinity'
"""

MERGE = """
CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
WITH candidates AS (
    SELECT series_id, date, realtime_start, value, estimated, TRUE AS fresh FROM incoming
    UNION ALL
    SELECT o.series_id, o.date, o.realtime_start, o.value, o.estimated, FALSE
    FROM warehouse.observations o
    JOIN (SELECT DISTINCT series_id, date FROM incoming) k USING (series_id, date)
), steps AS (
    SELECT DISTINCT ON (series_id, date, realtime_start) series_id, date, realtime_start, value, estimated
    FROM candidates
    ORDER BY series_id, date, realtime_start, estimated, fresh DESC
), changes AS (
    SELECT *, lag(value) OVER w IS DISTINCT FROM value AS changed FROM steps
    WINDOW w AS (PARTITION BY series_id, date ORDER BY realtime_start)
)
SELECT series_id, date, realtime_start, value, estimated,
       coalesce(lead(realtime_start) OVER (PARTITION BY series_id, date ORDER BY realtime_start), 'infinity')
           AS realtime_end
FROM changes WHERE changed
"""

REMOVE = """
DELETE FROM warehouse.observations o
USING (SELECT DISTINCT series_id, date FROM incoming) k
WHERE o.series_id = k.series_id AND o.date = k.date AND NOT EXISTS (
    SELECT FROM merged m
    WHERE (m.series_id, m.date, m.realtime_start, m.realtime_end, m.estimated)
        = (o.series_id, o.date, o.realtime_start, o.realtime_end, o.estimated)
      AND m.value IS NOT DISTINCT FROM o.value)
"""

INSERT = """
INSERT INTO warehouse.observations (series_id, date, realtime_start, realtime_end, value, estimated, source)
SELECT series_id, date, realtime_start, realtime_end, value, estimated, :source FROM merged
ON CONFLICT DO NOTHING
"""


def ingest(
    connection: Connection, frame: pd.DataFrame, source: str, loaded_at: pd.Timestamp
) -> IngestReport:
    """Merge observations (columns `COLUMNS`) inside the caller's transaction.

    Ingesting the same frame again changes nothing; concurrent ingestions wait for each other.
    """
    connection.execute(select(func.pg_advisory_xact_lock(INGEST_LOCK)))
    connection.execute(text(STAGE))
    _copy(connection, frame)
    connection.execute(text(DATE_UNDATED), {"day": loaded_at.date()})
    connection.execute(text(MERGE))
    removed = connection.execute(text(REMOVE)).rowcount
    inserted = connection.execute(text(INSERT), {"source": source}).rowcount
    return IngestReport(received=len(frame), inserted=inserted, removed=removed)


def _copy(connection: Connection, frame: pd.DataFrame) -> None:
    buffer = io.StringIO()
    frame[COLUMNS].to_csv(buffer, index=False, header=False, na_rep="\\N", date_format="%Y-%m-%d")
    buffer.seek(0)
    with connection.connection.cursor() as cursor:
        cursor.copy_expert("COPY incoming FROM STDIN WITH (FORMAT csv, NULL '\\N')", buffer)


def as_of(connection: Connection, day: pd.Timestamp, series_ids: Sequence[str] | None) -> pd.DataFrame:
    """Rows with realtime_start <= day < realtime_end and a value, by series and date."""
    table = observations.c
    query = (
        select(table.series_id, table.date, table.value, table.realtime_start)
        .where(table.realtime_start <= day.date(), table.realtime_end > day.date(), table.value.is_not(None))
        .order_by(table.series_id, table.date)
    )
    if series_ids is not None:
        query = query.where(table.series_id.in_(series_ids))
    return _frame(connection, query)


def history(connection: Connection, series_ids: Sequence[str] | None) -> pd.DataFrame:
    """Every row, by series, date and realtime_start; realtime_end is NaT where the value is current."""
    table = observations.c
    end = func.nullif(table.realtime_end, text("'infinity'::date")).label("realtime_end")
    query = select(
        table.series_id, table.date, table.value, table.realtime_start, end, table.estimated
    ).order_by(table.series_id, table.date, table.realtime_start)
    if series_ids is not None:
        query = query.where(table.series_id.in_(series_ids))
    return _frame(connection, query)


def series_ids(connection: Connection) -> list[str]:
    """Ids with at least one row, sorted."""
    return list(connection.execute(select(observations.c.series_id).distinct().order_by("series_id")).scalars())


def _frame(connection: Connection, query) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    result = connection.execute(query)
    frame = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    dates = {name: pd.to_datetime(frame[name]) for name in frame if name in ("date", "realtime_start", "realtime_end")}
    return frame.assign(**dates, value=frame["value"].astype(float))
