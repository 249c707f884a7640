"""What Feast keeps of a month end, made from the records of its panel and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pandas as pd

from macro_cycle.records import Answer, Panel


@dataclass(frozen=True)
class MonthRow:
    """What is stored of one month end: the moment of knowledge, and the columns of each view."""

    as_of: pd.Timestamp
    data_version: str
    features: Mapping[str, float | str | datetime | None]
    regimes: Mapping[str, float | str | datetime]


def month_row(panel: Panel, answer: Answer) -> MonthRow:
    """The newest panel row of a month end and the newest row of its regimes."""
    origin: dict[str, Any] = {"data_version": answer.version}
    return MonthRow(
        as_of=pd.Timestamp(answer.as_of),
        data_version=answer.version,
        features={
            "reference_month": _utc(panel.reference_month),
            **origin,
            **{name: panel.newest.get(name) for name in panel.features},
        },
        regimes={
            "reference_month": _utc(answer.reference_month),
            **origin,
            "model_version": answer.model_version,
            **answer.newest,
        },
    )


def _utc(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
