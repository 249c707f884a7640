"""Queries of the bitemporal observations: what was known on a day, and everything that was ever known."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pandas as pd
from sqlalchemy import Connection, text

from macro_cycle.warehouse.copying import Column, read_rows

SERIES_IDS = """
WITH RECURSIVE ids AS (
    (SELECT series_id FROM warehouse.observations ORDER BY series_id LIMIT 1)
    UNION ALL
    SELECT (SELECT o.series_id FROM warehouse.observations o WHERE o.series_id > i.series_id ORDER BY 1 LIMIT 1)
    FROM ids i WHERE i.series_id IS NOT NULL
)
SELECT series_id FROM ids WHERE series_id IS NOT NULL
"""

NEWEST_RELEASE = """
SELECT max(realtime_start) FROM warehouse.observations WHERE series_id = :series_id AND source = :source
"""

NEWEST_FACT = """
SELECT max(greatest(CASE WHEN estimated_on IS NULL THEN realtime_start END, restated[cardinality(restated)]))
FROM warehouse.observations_current WHERE series_id = ANY(:ids)
"""

# One subquery per series, so that each is an index scan however many rows the planner expects of the join.
OF_EACH_SERIES = """
SELECT number::int - 1, o.*
FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS w(series_id, number) CROSS JOIN LATERAL ({rows} OFFSET 0) o
ORDER BY number, date, realtime_start
"""

AS_OF = OF_EACH_SERIES.format(
    rows="""
    SELECT date, value, realtime_start FROM warehouse.observations o
    WHERE o.series_id = w.series_id AND realtime_end > %(day)s AND realtime_start <= %(day)s AND value IS NOT NULL"""
)

HISTORY = OF_EACH_SERIES.format(
    rows="""
    SELECT date, coalesce(value, 'NaN') AS value, realtime_start, realtime_end, (estimated_on IS NOT NULL)::int
    FROM warehouse.observations o WHERE o.series_id = w.series_id"""
)

SIGHTED_WITHIN = 31
"""Days between two looks within which a value that the first one lacked counts as seen when it came."""

PUBLICATIONS = OF_EACH_SERIES.format(
    rows="""
    SELECT realtime_start, realtime_end, coalesce(estimated_on, 'infinity'),
           EXISTS (SELECT FROM warehouse.looks l WHERE l.series_id = o.series_id AND l.source = o.source AND
               CASE WHEN estimated_on IS NULL THEN l.day = realtime_start
                    ELSE l.day < estimated_on AND l.day >= estimated_on - %(within)s END)::int
    FROM warehouse.observations o WHERE o.series_id = w.series_id AND value IS NOT NULL"""
).replace("ORDER BY number, date, realtime_start", "ORDER BY number")

LOADED_SINCE = """
SELECT EXISTS (
    SELECT FROM warehouse.observations
    WHERE series_id = ANY(:ids) AND realtime_start <= :day AND loaded_at > :moment
)
"""

FACTS = OF_EACH_SERIES.format(
    rows="""
    SELECT date, coalesce(value, 'NaN') AS value, fact AS realtime_start
    FROM warehouse.observations o CROSS JOIN LATERAL
        unnest(CASE WHEN estimated_on IS NULL THEN realtime_start || restated ELSE restated END) AS fact
    WHERE o.series_id = w.series_id"""
)


def as_of(connection: Connection, day: pd.Timestamp, series_ids: Sequence[str] | None) -> pd.DataFrame:
    """Rows with realtime_start <= day < realtime_end and a value, by series and date."""
    columns: dict[str, Column] = {"date": "date", "value": "number", "realtime_start": "date"}
    return _read(connection, AS_OF, {"day": day.date()}, series_ids, columns)


def history(connection: Connection, series_ids: Sequence[str] | None) -> pd.DataFrame:
    """Every row, by series, date and realtime_start; realtime_end is NaT where the value is current."""
    columns: dict[str, Column] = {
        "date": "date",
        "value": "number",
        "realtime_start": "date",
        "realtime_end": "date",
        "estimated": "code",
    }
    frame = _read(connection, HISTORY, {}, series_ids, columns)
    return frame.assign(estimated=frame["estimated"].astype(bool))


def as_of_view(history: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The rows of `history` that were known on `day`, as `as_of` gives them."""
    known = (history["realtime_start"] <= day) & ~(history["realtime_end"] <= day) & history["value"].notna()
    return history.loc[known, ["series_id", "date", "value", "realtime_start"]].reset_index(drop=True)


def loaded_since(connection: Connection, moment: datetime, day: pd.Timestamp, series_ids: Sequence[str]) -> bool:
    """Whether a row of these series with realtime_start <= day was loaded after `moment`."""
    parameters = {"ids": list(series_ids), "day": day.date(), "moment": moment}
    return bool(connection.execute(text(LOADED_SINCE), parameters).scalar())


def facts(connection: Connection, series_ids: Sequence[str] | None) -> pd.DataFrame:
    """A row for each day on which a value was stated, by series, date and realtime_start; estimates are none."""
    columns: dict[str, Column] = {"date": "date", "value": "number", "realtime_start": "date"}
    return _read(connection, FACTS, {}, series_ids, columns)


def publications(connection: Connection, series_ids: Sequence[str] | None) -> pd.DataFrame:
    """How every value came by its day: estimated_on NaT where a source stated it, witnessed where looks bound it."""
    columns: dict[str, Column] = {
        "realtime_start": "date",
        "realtime_end": "date",
        "estimated_on": "date",
        "witnessed": "code",
    }
    frame = _read(connection, PUBLICATIONS, {"within": SIGHTED_WITHIN}, series_ids, columns)
    return frame.assign(witnessed=frame["witnessed"].astype(bool))


def series_ids(connection: Connection) -> list[str]:
    """Ids with at least one row, sorted."""
    return list(connection.execute(text(SERIES_IDS)).scalars())


def newest_release(connection: Connection, series_id: str, source: str) -> pd.Timestamp | None:
    """The newest realtime_start of a series' rows from a source."""
    day = connection.execute(text(NEWEST_RELEASE), {"series_id": series_id, "source": source}).scalar()
    return None if day is None else pd.Timestamp(day)


def newest_fact(connection: Connection, series_ids: Sequence[str]) -> pd.Timestamp | None:
    """The newest day on which a value of one of the series was stated; estimated days do not count."""
    day = connection.execute(text(NEWEST_FACT), {"ids": list(series_ids)}).scalar()
    return None if day is None else pd.Timestamp(day)


def _read(
    connection: Connection,
    query: str,
    parameters: Mapping[str, date | int],
    wanted: Sequence[str] | None,
    columns: dict[str, Column],
) -> pd.DataFrame:
    ids = sorted(set(wanted)) if wanted is not None else series_ids(connection)
    frame = read_rows(connection, query, {**parameters, "ids": ids}, {"series_id": "code", **columns})
    names = pd.array(ids, dtype=object).take(frame["series_id"].to_numpy())
    return frame.assign(series_id=names)
