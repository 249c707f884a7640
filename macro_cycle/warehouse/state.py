"""The newest of what is on record, in one small query each: for whoever looks often and keeps nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Engine, text

ANSWER = """
SELECT as_of, reference_month, recession_probability, probabilities, model_version, recorded_at
FROM warehouse.calls ORDER BY as_of DESC, id DESC LIMIT 1
"""
DEPLOYMENT = "SELECT model_version, served_at FROM warehouse.served ORDER BY id DESC LIMIT 1"
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
    """The last answer given for the newest month end; moments are UTC without a zone."""

    as_of: pd.Timestamp
    reference_month: pd.Timestamp
    recession_probability: float
    probabilities: Mapping[str, float]
    model_version: str
    recorded_at: pd.Timestamp


@dataclass(frozen=True)
class NewestDeployment:
    """What was taken into service last."""

    model_version: str
    served_at: pd.Timestamp


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

    def newest_answer(self) -> NewestAnswer | None:
        """The newest answer; None before the first."""
        with self._engine.connect() as connection:
            row = connection.execute(text(ANSWER)).mappings().first()
        if row is None:
            return None
        days = {name: pd.Timestamp(row[name]) for name in ("as_of", "reference_month")}
        return NewestAnswer(**{**row, **days, "recorded_at": _utc(row["recorded_at"])})

    def newest_deployment(self) -> NewestDeployment | None:
        """What serves; None before the first deployment."""
        with self._engine.connect() as connection:
            row = connection.execute(text(DEPLOYMENT)).first()
        return NewestDeployment(row.model_version, _utc(row.served_at)) if row else None

    def newest_values(self, series_ids: Sequence[str]) -> list[NewestValues]:
        """The newest values of those of the series that have any."""
        with self._engine.connect() as connection:
            rows = connection.execute(text(NEWEST_VALUES), {"ids": list(series_ids), "many": NEWEST_DATES}).all()
        return [NewestValues(id_, pd.DatetimeIndex(dates), pd.Timestamp(since)) for id_, since, dates in rows]


def _utc(moment: object) -> pd.Timestamp:
    return pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)  # type: ignore[arg-type]
