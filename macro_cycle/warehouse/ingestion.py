"""Ingestion: a set-based merge that keeps each observation's history in canonical form.

For each (series_id, date) the store holds a step function of value over real time: a row only where the value
changed, `realtime_end` equal to the next row's `realtime_start`. Days on which a row's value was stated again are
kept in `restated`, because a value learned later may lie between them. So the form is a function of the set of facts
ingested, never of their order or batching.

A source without vintages states what is current on the day of the load. The first such load of an observation
estimates when it was published (`estimated_on` is the day of that load), and the estimate stands until a published
vintage older than the load is known; a later load that sees another value is a fact of its day. Such loads must come
in the order of their days, since one that sees nothing new leaves no trace.
"""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, func, select, text

from macro_cycle.errors import MacroCycleError
from macro_cycle.warehouse.copying import copy_rows

INGEST_LOCK = 7_200_000_002
KEY = ["series_id", "date", "realtime_start"]
COLUMNS = [*KEY, "value", "estimated"]

STAGE = """
CREATE TEMPORARY TABLE incoming (
    series_id text COLLATE "C", date date, realtime_start date, value float8, estimated boolean
) ON COMMIT DROP
"""

FORGET_UNCHANGED = """
DELETE FROM incoming i USING warehouse.observations o
WHERE i.estimated AND (o.series_id, o.date) = (i.series_id, i.date)
  AND o.realtime_start <= :day AND o.realtime_end > :day AND o.value IS NOT DISTINCT FROM i.value
"""

TOUCHED = """
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
SELECT o.* FROM warehouse.observations o JOIN (SELECT DISTINCT series_id, date FROM incoming) k USING (series_id, date)
"""

MERGED = """
CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
WITH facts AS (
    SELECT series_id, date, least(realtime_start, CASE WHEN estimated THEN CAST(:day AS date) END) AS realtime_start,
           value, CASE WHEN estimated THEN CAST(:day AS date) END AS estimated_on, 1 AS age
    FROM incoming
    UNION ALL
    SELECT series_id, date, realtime_start, value, estimated_on, 2 FROM touched
    UNION ALL
    SELECT series_id, date, unnest(restated), value, NULL, 2 FROM touched WHERE restated <> '{}'
), weighed AS (
    SELECT *, estimated_on > least(
                  min(estimated_on) OVER cell,
                  1 + min(realtime_start) FILTER (WHERE estimated_on IS NULL) OVER cell) AS refuted
    FROM facts WINDOW cell AS (PARTITION BY series_id, date)
), dated AS (
    SELECT series_id, date, CASE WHEN refuted THEN estimated_on ELSE realtime_start END AS realtime_start,
           value, CASE WHEN NOT refuted THEN estimated_on END AS estimated_on, age
    FROM weighed
), steps AS (
    SELECT DISTINCT ON (series_id, date, realtime_start) * FROM dated
    ORDER BY series_id, date, realtime_start, estimated_on NULLS FIRST, age
), changes AS (
    SELECT *, (lag(realtime_start) OVER story IS NULL OR lag(value) OVER story IS DISTINCT FROM value)::int AS changed
    FROM steps WINDOW story AS (PARTITION BY series_id, date ORDER BY realtime_start)
), runs AS (
    SELECT *, sum(changed) OVER (PARTITION BY series_id, date ORDER BY realtime_start) AS run FROM changes
), rows AS (
    SELECT series_id, date, min(realtime_start) AS realtime_start, min(value) AS value,
           max(estimated_on) AS estimated_on,
           coalesce(array_agg(realtime_start ORDER BY realtime_start) FILTER (WHERE changed = 0), '{}') AS restated
    FROM runs GROUP BY series_id, date, run
)
SELECT *, coalesce(lead(realtime_start) OVER (PARTITION BY series_id, date ORDER BY realtime_start), 'infinity')
              AS realtime_end
FROM rows
"""

COUNT = """
SELECT count(*) FILTER (WHERE k.date IS NULL), count(*) FILTER (WHERE k.date IS NOT NULL)
FROM merged m
LEFT JOIN (SELECT DISTINCT series_id, date FROM touched) k USING (series_id, date)
LEFT JOIN touched t USING (series_id, date, realtime_start)
WHERE t.date IS NULL OR t.value IS DISTINCT FROM m.value
"""

REMOVE = """
DELETE FROM warehouse.observations o USING touched t
WHERE (o.series_id, o.date, o.realtime_start) = (t.series_id, t.date, t.realtime_start) AND NOT EXISTS (
    SELECT FROM merged m
    WHERE (m.series_id, m.date, m.realtime_start) = (t.series_id, t.date, t.realtime_start))
"""

MERGE = """
MERGE INTO warehouse.observations o USING merged m
ON (o.series_id, o.date, o.realtime_start) = (m.series_id, m.date, m.realtime_start)
WHEN MATCHED AND (o.realtime_end, o.restated) <> (m.realtime_end, m.restated)
              OR o.value IS DISTINCT FROM m.value OR o.estimated_on IS DISTINCT FROM m.estimated_on THEN
    UPDATE SET value = m.value, realtime_end = m.realtime_end, restated = m.restated, estimated_on = m.estimated_on
WHEN NOT MATCHED THEN
    INSERT (series_id, date, realtime_start, realtime_end, value, estimated_on, restated, source, loaded_at)
    VALUES (m.series_id, m.date, m.realtime_start, m.realtime_end, m.value, m.estimated_on, m.restated,
            :source, :loaded_at)
"""


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion did, in rows: those of periods first seen, and those of periods known before."""

    received: int
    inserted: int
    revised: int

    @property
    def changed(self) -> int:
        """Rows that the store did not have."""
        return self.inserted + self.revised

    @property
    def unchanged(self) -> int:
        """Received rows that said nothing new."""
        return max(self.received - self.changed, 0)

    def __add__(self, other: "IngestReport") -> "IngestReport":
        return IngestReport(*(mine + its for mine, its in zip(vars(self).values(), vars(other).values(), strict=True)))

    def __str__(self) -> str:
        return f"{self.received} rows received, {self.inserted} new, {self.revised} revised, {self.unchanged} unchanged"


def ingest(connection: Connection, frame: pd.DataFrame, source: str, loaded_at: pd.Timestamp) -> IngestReport:
    """Merge observations (columns `COLUMNS`) inside the caller's transaction.

    Ingesting the same frame again changes nothing; concurrent ingestions wait for each other. Of two values stated
    for the same day by two loads the later load's stands.

    Raises:
        MacroCycleError: the frame itself states two values for the same day.
    """
    facts = _distinct(frame)
    day = {"day": loaded_at.date()}
    connection.execute(select(func.pg_advisory_xact_lock(INGEST_LOCK)))
    connection.execute(text(STAGE))
    copy_rows(connection, "incoming", facts)
    connection.execute(text("ANALYZE incoming"))
    if facts["estimated"].any():
        connection.execute(text(FORGET_UNCHANGED), day)
    connection.execute(text(TOUCHED))
    connection.execute(text("ANALYZE touched"))
    connection.execute(text(MERGED), day)
    connection.execute(text("ANALYZE merged"))
    inserted, revised = connection.execute(text(COUNT)).one()
    connection.execute(text(REMOVE))
    connection.execute(text(MERGE), {"source": source, "loaded_at": loaded_at.to_pydatetime()})
    for name in ("incoming", "touched", "merged"):
        connection.execute(text(f"DROP TABLE {name}"))
    return IngestReport(received=len(frame), inserted=inserted, revised=revised)


def _distinct(frame: pd.DataFrame) -> pd.DataFrame:
    facts = frame[COLUMNS].drop_duplicates()
    clash = facts[facts.duplicated(KEY, keep=False)]
    if len(clash):
        first = clash.sort_values(KEY).iloc[:2]
        series_id, date, day = first.iloc[0][KEY]
        values = " and ".join(map(str, first["value"]))
        raise MacroCycleError(
            f"{series_id} {date:%Y-%m-%d} has two values known from {day:%Y-%m-%d}: {values}; keep the one that holds"
        )
    return facts
