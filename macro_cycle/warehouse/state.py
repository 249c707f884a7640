"""The newest of what is on record, in one small query each: for whoever looks often and keeps nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Engine, text

ANSWER = """
SELECT document, recorded_at FROM warehouse.records
WHERE cycle = :cycle AND asset = 'regime_labels' AND document IS NOT NULL ORDER BY as_of DESC, id DESC LIMIT 1
"""
FAILED = """
SELECT asset, count(*) AS months FROM (
    SELECT DISTINCT ON (asset, as_of) asset, failure FROM warehouse.records
    WHERE cycle = :cycle ORDER BY asset, as_of, id DESC
) standing WHERE failure IS NOT NULL GROUP BY asset
"""
NEWEST_DATES = 30
NEWEST_VALUES = """
SELECT w.series_id, max(o.realtime_start) AS known_since, array_agg(o.date ORDER BY o.date) AS dates
FROM unnest(CAST(:ids AS text[])) AS w(series_id)
CROSS JOIN LATERAL (
    SELECT date, greatest(realtime_start, restated[cardinality(restated)]) AS realtime_start
    FROM warehouse.observations_current o WHERE o.series_id = w.series_id AND value IS NOT NULL
    ORDER BY date DESC LIMIT :many
) o GROUP BY w.series_id
"""


@dataclass(frozen=True)
class NewestAnswer:
    """The answer that stands for the newest month end, and since when (UTC, without a zone)."""

    document: Mapping[str, Any]
    recorded_at: pd.Timestamp


@dataclass(frozen=True)
class NewestValues:
    """A series' newest dates with a value, ascending, and the newest day on which one of them was published."""

    series_id: str
    dates: pd.DatetimeIndex
    known_since: pd.Timestamp


class State:
    """What stands in the warehouse at this moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest_answer(self, cycle: str) -> NewestAnswer | None:
        """The newest answer of a cycle; None before the first."""
        with self._engine.connect() as connection:
            row = connection.execute(text(ANSWER), {"cycle": cycle}).first()
        return NewestAnswer(row.document, _utc(row.recorded_at)) if row else None

    def failed_months(self, cycle: str) -> dict[str, int]:
        """How many months of each asset could not be made; assets that all could be made for are left out."""
        with self._engine.connect() as connection:
            return {row.asset: row.months for row in connection.execute(text(FAILED), {"cycle": cycle})}

    def newest_values(self, series_ids: Sequence[str]) -> list[NewestValues]:
        """The newest values of those of the series that have any."""
        with self._engine.connect() as connection:
            rows = connection.execute(text(NEWEST_VALUES), {"ids": list(series_ids), "many": NEWEST_DATES}).all()
        return [NewestValues(id_, pd.DatetimeIndex(dates), pd.Timestamp(since)) for id_, since, dates in rows]


def _utc(moment: object) -> pd.Timestamp:
    return pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)  # type: ignore[arg-type]
