"""Ingestion: a set-based merge that keeps each observation's history in canonical form.

For each (series_id, date) the store holds a step function of value over real time: a row only where the value
changed, `realtime_end` equal to the next row's `realtime_start`. Days on which a row's value was stated again are
kept in `restated`, because a value learned later may lie between them. So the form is a function of the set of
published facts, never of their order or batching. Only the part of a history that the facts reach is read and written.

Nearly all facts follow everything that is known of their observation. Such a one takes the place of the current row,
in place, and leaves it among the past ones; it needs no merge.

A source without vintages states what is current on the day of the load: a sighting. The first sighting of an
observation that nothing is known of estimates when it was published (`estimated_on` is the day of the sighting); a
later one that sees another value is a fact of its day. They count in the order of their days, in whatever order they
arrive. One that is older than what the store heard of the series from elsewhere only adds observations that are
unknown. A published fact as old as an estimate, whenever it arrives, replaces it.

Each sighting of a series is kept as a look (`looks`), and what it witnessed binds: an observation that it did not hold
was not published, so no estimate is as old as a look that lacked it; and one that it held as it was known held on that
day, so a fact of an earlier day that arrives later ends there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from macro_cycle.errors import MacroCycleError
from macro_cycle.warehouse import looks
from macro_cycle.warehouse.copying import Column, write_rows
from macro_cycle.warehouse.locks import hold_until_commit

KEY = ["series_id", "date", "realtime_start"]
STAGED: dict[str, Column] = {"series": "code", "date": "date", "realtime_start": "date", "value": "number"}

# The store is reached by index only, however the planner's statistics have aged, and sorts stay in memory.
PLANNER = """
SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 1.1; SET LOCAL jit = off; SET LOCAL work_mem = '128MB'
"""

STAGE = """
CREATE TEMPORARY TABLE named ON COMMIT DROP AS
SELECT number::int - 1 AS series, series_id COLLATE "C" AS series_id
FROM unnest(CAST(:ids AS text[])) WITH ORDINALITY AS w(series_id, number);
CREATE TEMPORARY TABLE staged (series int, date date, realtime_start date, value float8) ON COMMIT DROP
"""

PUBLISHED = """
CREATE TEMPORARY TABLE facts ON COMMIT DROP AS
SELECT series, date, realtime_start, nullif(value, 'NaN') AS value, CAST(NULL AS date) AS estimated_on FROM staged
"""

SIGHTED = """
CREATE TEMPORARY TABLE facts ON COMMIT DROP AS
WITH looks AS (
    SELECT series, day FROM named JOIN warehouse.looks USING (series_id) WHERE source = :source
), open AS (
    SELECT n.series, o.* FROM named n CROSS JOIN LATERAL (
        SELECT date, realtime_start, value, estimated_on FROM warehouse.observations o
        WHERE o.series_id = n.series_id AND o.realtime_end > :day OFFSET 0) o
), known AS (
    SELECT DISTINCT ON (series, date) * FROM open ORDER BY series, date, realtime_start
), newest_of_others AS (
    SELECT series, max(day) AS newest
    FROM (SELECT series, coalesce(estimated_on, realtime_start) AS day FROM open) o
    LEFT JOIN looks l USING (series, day)
    WHERE l.day IS NULL GROUP BY series
), lacked AS (
    SELECT series, max(day) AS last FROM looks WHERE day <= :day GROUP BY series
), sighted AS (
    SELECT series, date, s.realtime_start, nullif(s.value, 'NaN') AS value,
           k.date IS NULL OR k.estimated_on > :day AND EXISTS (
               SELECT FROM looks l WHERE (l.series, l.day) = (k.series, k.estimated_on)) AS first_sight,
           coalesce(k.realtime_start <= :day AND k.value IS NOT DISTINCT FROM nullif(s.value, 'NaN'), false) AS known
    FROM staged s LEFT JOIN known k USING (series, date)
)
SELECT series, date, value,
       CASE WHEN first_sight THEN least(greatest(realtime_start, l.last + 1), CAST(:day AS date)) ELSE :day END
           AS realtime_start,
       CASE WHEN first_sight THEN CAST(:day AS date) END AS estimated_on
FROM sighted LEFT JOIN newest_of_others h USING (series) LEFT JOIN lacked l USING (series)
WHERE first_sight OR (NOT known AND coalesce(h.newest <= :day, true))
"""

CELLS = """
CREATE TEMPORARY TABLE cells ON COMMIT DROP AS
SELECT series, date, min(realtime_start) AS since, min(value) AS value, count(*) = 1 AS alone,
       min(estimated_on) AS first_sight
FROM facts GROUP BY series, date
"""

# A later look binds a sighting, and a published fact that follows an estimate.
SUCCESSORS = """
CREATE TEMPORARY TABLE successors ON COMMIT DROP AS
SELECT o.place, series, o.date, c.since AS realtime_start, c.value
FROM named n CROSS JOIN LATERAL (
    SELECT o.ctid AS place, o.* FROM warehouse.observations_current o WHERE o.series_id = n.series_id OFFSET 0) o
JOIN cells c USING (series, date)
WHERE c.alone AND c.first_sight IS NULL AND c.value IS DISTINCT FROM o.value
  AND c.since > greatest(o.realtime_start, o.restated[cardinality(o.restated)], o.estimated_on)
  AND NOT EXISTS (SELECT FROM warehouse.looks l WHERE l.series_id = n.series_id AND l.day > c.since
                  AND (NOT :published OR o.estimated_on IS NOT NULL))
"""

CLOSE = """
INSERT INTO warehouse.observations_past
    (series_id, date, realtime_start, realtime_end, value, estimated_on, restated, source, loaded_at)
SELECT o.series_id, o.date, o.realtime_start, s.realtime_start, o.value, o.estimated_on, o.restated, o.source,
       o.loaded_at
FROM successors s JOIN warehouse.observations_current o ON o.ctid = s.place
"""

SUCCEED = """
UPDATE warehouse.observations_current o
SET realtime_start = s.realtime_start, value = s.value, estimated_on = NULL, restated = '{}', source = :source,
    loaded_at = :loaded_at
FROM successors s WHERE o.ctid = s.place
"""

SETTLE = "DELETE FROM cells c USING successors s WHERE (c.series, c.date) = (s.series, s.date)"

TOUCHED = """
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
SELECT series, o.date, o.realtime_start, o.realtime_end, o.value, o.restated, o.estimated_on,
       coalesce(:published AND o.estimated_on >= c.since, false) AS refuted,
       coalesce(o.estimated_on > c.first_sight, false) AS preceded
FROM (SELECT series, min(since) AS since FROM cells GROUP BY series) s JOIN named n USING (series)
CROSS JOIN LATERAL (
    SELECT o.* FROM warehouse.observations o
    WHERE o.series_id = n.series_id AND o.realtime_end >= s.since OFFSET 0) o
JOIN cells c USING (series, date)
WHERE o.realtime_end >= c.since
"""

MERGED = """
CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
WITH witnessed AS (
    SELECT series, f.date, l.day AS realtime_start, o.value
    FROM facts f JOIN cells USING (series, date) JOIN named n USING (series)
    CROSS JOIN LATERAL (
        SELECT min(day) AS day FROM warehouse.looks l
        WHERE l.series_id = n.series_id AND l.day > coalesce(f.estimated_on, f.realtime_start) OFFSET 0) l
    JOIN touched o USING (series, date)
    WHERE o.realtime_start <= l.day AND o.realtime_end > l.day AND NOT o.refuted
      AND (NOT :published OR o.estimated_on IS NOT NULL)
), stated AS (
    SELECT series, date, realtime_start, f.value, estimated_on, 1 AS age FROM facts f JOIN cells USING (series, date)
    UNION ALL
    SELECT series, date, CASE WHEN preceded THEN estimated_on ELSE realtime_start END, value,
           CASE WHEN NOT preceded THEN estimated_on END, CASE WHEN preceded THEN 3 ELSE 2 END
    FROM touched WHERE NOT refuted
    UNION ALL
    SELECT series, date, unnest(restated), value, NULL, 2 FROM touched WHERE restated <> '{}'
    UNION ALL
    SELECT series, date, realtime_start, value, NULL, 2 FROM witnessed
), steps AS (
    SELECT DISTINCT ON (series, date, realtime_start) * FROM stated ORDER BY series, date, realtime_start, age
), changes AS (
    SELECT *, (lag(realtime_start) OVER story IS NULL OR lag(value) OVER story IS DISTINCT FROM value)::int AS changed
    FROM steps WINDOW story AS (PARTITION BY series, date ORDER BY realtime_start)
), runs AS (
    SELECT *, sum(changed) OVER (PARTITION BY series, date ORDER BY realtime_start) AS run FROM changes
), rows AS (
    SELECT series, date, min(realtime_start) AS realtime_start, min(value) AS value,
           max(estimated_on) AS estimated_on,
           coalesce(array_agg(realtime_start ORDER BY realtime_start) FILTER (WHERE changed = 0), '{}') AS restated
    FROM runs GROUP BY series, date, run
)
SELECT *, coalesce(lead(realtime_start) OVER (PARTITION BY series, date ORDER BY realtime_start), 'infinity')
              AS realtime_end
FROM rows
"""

NEWS = """
CREATE TEMPORARY TABLE news ON COMMIT DROP AS
SELECT series_id, series, date, realtime_start, m.realtime_end, m.value, m.estimated_on, m.restated,
       t.realtime_end IS NULL AS new, m.realtime_end IS NULL AS gone,
       t.realtime_end IS NULL OR t.value IS DISTINCT FROM m.value AS revises
FROM merged m FULL JOIN touched t USING (series, date, realtime_start) JOIN named USING (series)
WHERE (m.realtime_end, m.restated) IS DISTINCT FROM (t.realtime_end, t.restated)
   OR m.value IS DISTINCT FROM t.value OR m.estimated_on IS DISTINCT FROM t.estimated_on
"""

COUNT = """
SELECT count(DISTINCT (series, date)) FILTER (WHERE k.date IS NULL),
       count(*) - count(DISTINCT (series, date)) FILTER (WHERE k.date IS NULL)
FROM news LEFT JOIN (SELECT DISTINCT series, date FROM touched) k USING (series, date)
WHERE revises AND NOT gone
"""

# A row is found by its key. One that is closed or reopened goes from the current rows to the past ones or back.
REMOVE = """
DELETE FROM warehouse.observations o USING news n
WHERE n.gone AND (o.series_id, o.date, o.realtime_start) = (n.series_id, n.date, n.realtime_start)
"""

CHANGE = """
UPDATE warehouse.observations o
SET value = n.value, realtime_end = n.realtime_end, restated = n.restated, estimated_on = n.estimated_on
FROM news n
WHERE NOT n.gone AND NOT n.new AND (o.series_id, o.date, o.realtime_start) = (n.series_id, n.date, n.realtime_start)
"""

ADD = """
INSERT INTO warehouse.observations
    (series_id, date, realtime_start, realtime_end, value, estimated_on, restated, source, loaded_at)
SELECT series_id, date, realtime_start, realtime_end, value, estimated_on, restated, :source, :loaded_at
FROM news WHERE new
"""


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion did, in rows: the first ones of periods that were unknown, and those that revise a period."""

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


def ingest(
    connection: Connection,
    frame: pd.DataFrame,
    source: str,
    loaded_at: pd.Timestamp,
    seen_on: date,
    looked_at: Sequence[str] = (),
) -> IngestReport:
    """Merge observations (columns of `sources.base`) inside the caller's transaction.

    `estimated` rows are sightings of the day `seen_on`; they are merged after the published ones. `looked_at` are the
    series that the frame states all there was of on that day, beside those that it has sightings of. Ingesting the
    same frame again changes nothing; concurrent ingestions wait for each other. Of two values stated for the same day
    by two loads the later load's stands.

    Raises:
        MacroCycleError: the frame itself states two values for the same day.
    """
    published, sightings = _parts(frame)
    hold_until_commit(connection, "ingestion")
    connection.execute(text(PLANNER))
    origin = {"source": source, "loaded_at": loaded_at.to_pydatetime()}
    report = IngestReport(len(frame), 0, 0)
    for facts, is_published in ((published, True), (sightings, False)):
        if len(facts):
            inserted, revised = _merge(connection, facts, is_published, {"day": seen_on, **origin})
            report += IngestReport(0, inserted, revised)
    looks.record(connection, frame, [*looked_at, *sightings["series_id"].unique()], source, seen_on)
    return report


def _merge(connection: Connection, facts: pd.DataFrame, published: bool, parameters: dict[str, Any]) -> tuple[int, int]:
    """Merge published facts or sightings; the numbers of rows inserted and revised."""
    codes, ids = pd.factorize(facts["series_id"])
    connection.execute(text(STAGE), {"ids": list(ids)})
    write_rows(connection, "staged", facts.assign(series=codes), STAGED)
    parameters = {"published": published, **parameters}
    connection.execute(text(PUBLISHED if published else SIGHTED), parameters)
    cells = connection.execute(text(CELLS)).rowcount
    succeeded = _succeed(connection, parameters)
    inserted, revised = _rewrite(connection, parameters) if succeeded < cells else (0, 0)
    connection.execute(text("DROP TABLE named, staged, facts, cells, successors"))
    return inserted, succeeded + revised


def _succeed(connection: Connection, parameters: dict[str, Any]) -> int:
    """Let facts that follow all that is known of their observation take the current row's place; how many did."""
    found = connection.execute(text(SUCCESSORS), parameters).rowcount
    if found:
        connection.execute(text(CLOSE))
        connection.execute(text(SUCCEED), parameters)
    return found


def _rewrite(connection: Connection, parameters: dict[str, Any]) -> tuple[int, int]:
    """Merge the remaining facts with what they reach of the histories; the numbers of rows inserted and revised."""
    for statement in (SETTLE, TOUCHED, MERGED, NEWS):
        connection.execute(text(statement), parameters)
    inserted, revised = connection.execute(text(COUNT)).one()
    for statement in (REMOVE, CHANGE, ADD):
        connection.execute(text(statement), parameters)
    connection.execute(text("DROP TABLE touched, merged, news"))
    return inserted, revised


def _parts(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Published facts and sightings, each stated once."""
    _refuse_unusable(frame)
    estimated = frame["estimated"].to_numpy(bool)
    return _distinct(frame[~estimated], KEY), _distinct(frame[estimated], KEY[:2])


def _refuse_unusable(frame: pd.DataFrame) -> None:
    nameless = frame[KEY].isna().any(axis=1)
    infinite = np.isinf(frame["value"].to_numpy(float))
    if nameless.any():
        raise MacroCycleError(f"{nameless.sum()} rows lack a series, a date or the day on which they were known")
    if infinite.any():
        series_id, day = frame.loc[infinite, KEY[:2]].iloc[0]
        raise MacroCycleError(f"{series_id} {day:%Y-%m-%d} is infinite; give the value, or none if it is missing")


def _distinct(facts: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The facts without repetitions; of a sighting stated with two days of publication the earlier one counts."""
    if not facts.duplicated(key).any():
        return facts
    facts = facts.sort_values(KEY).drop_duplicates([*key, "value"])
    clash = facts[facts.duplicated(key, keep=False)]
    if len(clash):
        series_id, day, known = clash[KEY].iloc[0]
        values = " and ".join(map(str, clash["value"].iloc[:2]))
        raise MacroCycleError(
            f"{series_id} {day:%Y-%m-%d} has two values known from {known:%Y-%m-%d}: {values}; keep the one that holds"
        )
    return facts
