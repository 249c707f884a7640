"""Looks at sources without vintages: on which days a series was looked at, and what that says of its estimates.

What a look did not find, the source lacked on that day. Ingestion bounds new estimates by the looks before them
(`ingestion.SIGHTED`); here they are kept, and a look that arrives after later ones is held against their estimates.
"""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import Connection, text

RECORD = """
INSERT INTO warehouse.looks (series_id, day, source)
SELECT series_id, :day, :source FROM unnest(CAST(:ids AS text[])) AS s(series_id) ON CONFLICT DO NOTHING
"""

ESTIMATED_LATER = """
SELECT o.series_id, o.date
FROM warehouse.observations o JOIN warehouse.looks l ON (l.series_id, l.day) = (o.series_id, o.estimated_on)
WHERE o.series_id = ANY(:ids) AND l.source = :source AND o.realtime_end > :day AND o.realtime_start <= :day
  AND o.estimated_on > :day
"""

# An estimate that would begin on the day of the next value has no day left.
DROP = """
DELETE FROM warehouse.observations o USING unnest(CAST(:ids AS text[]), CAST(:dates AS date[])) AS w(series_id, date)
WHERE (o.series_id, o.date) = (w.series_id, w.date) AND o.estimated_on > :day AND o.realtime_start <= :day
  AND o.realtime_end <= CAST(:day AS date) + 1
"""

POSTPONE = """
UPDATE warehouse.observations o SET realtime_start = CAST(:day AS date) + 1
FROM unnest(CAST(:ids AS text[]), CAST(:dates AS date[])) AS w(series_id, date)
WHERE (o.series_id, o.date) = (w.series_id, w.date) AND o.estimated_on > :day AND o.realtime_start <= :day
"""


def record(connection: Connection, held: pd.DataFrame, series_ids: Sequence[str], source: str, day: date) -> int:
    """Keep a look of `day` at `series_ids` that found the observations `held` (series_id, date).

    What later looks found of the series and this one did not was published after it: such estimates are moved to the
    day after, or dropped where another value holds from then on. Returns how many were.
    """
    parameters = {"ids": sorted(set(series_ids)), "source": source, "day": day}
    if not parameters["ids"]:
        return 0
    connection.execute(text(RECORD), parameters)
    found = pd.DataFrame(connection.execute(text(ESTIMATED_LATER), parameters).all(), columns=["series_id", "date"])
    lacked = found[~pd.MultiIndex.from_frame(_dated(found)).isin(pd.MultiIndex.from_frame(_dated(held)))]
    if lacked.empty:
        return 0
    cells = {"ids": list(lacked["series_id"]), "dates": list(lacked["date"]), "day": day}
    return sum(connection.execute(text(statement), cells).rowcount for statement in (DROP, POSTPONE))


def _dated(cells: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"series_id": cells["series_id"].astype(object), "date": pd.to_datetime(cells["date"])})
