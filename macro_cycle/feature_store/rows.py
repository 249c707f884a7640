"""What is kept of a month end, the stamps it gets, and what the online store answers."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from macro_cycle.records import Answer, Declared, Panel

Value = float | str | datetime | None
PROBABILITIES = ("filtered_", "smoothed_", "predicted_", "phase_")
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class MonthRow:
    """One economy's month end: the newest row of its panel and of its regimes.

    `features` are the panel's columns, `probabilities` are named `filtered_<label>`, `smoothed_<label>`,
    `predicted_<label>` and `phase_<label>`; `beside` is what is known of the columns `definitions.BESIDE`.
    """

    as_of: date
    reference_month: date
    data_version: str
    model_version: str
    features: Mapping[str, float | None]
    label: str
    recession_probability: float
    probabilities: Mapping[str, float]
    beside: Mapping[str, Value] = field(default_factory=dict)

    def feature_columns(self) -> dict[str, Value]:
        """The columns of the view of features."""
        return self._origin() | {name: _or_missing(value) for name, value in self.features.items()}

    def regime_columns(self) -> dict[str, Value]:
        """The columns of the view of probabilities."""
        answer: dict[str, Value] = {
            "model_version": self.model_version,
            "label": self.label,
            "recession_probability": self.recession_probability,
        }
        return self._origin() | answer | dict(self.probabilities) | dict(self.beside)

    @property
    def digest(self) -> str:
        """Hash of the whole content, of both views' columns."""
        content = [self.feature_columns(), self.regime_columns()]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=datetime.isoformat).encode()).hexdigest()

    def _origin(self) -> dict[str, Value]:
        return {
            "as_of": _midnight(self.as_of),
            "reference_month": _midnight(self.reference_month),
            "data_version": self.data_version,
        }


def month_row(panel: Panel, answer: Answer, declared: Declared | None = None) -> MonthRow:
    """What is kept of the month end that a panel, the answer made of it and the phase declared then describe."""
    probabilities = {name: float(p) for name, p in answer.newest.items() if name.startswith(PROBABILITIES)}
    return MonthRow(
        as_of=answer.as_of,
        reference_month=answer.reference_month,
        data_version=answer.version,
        model_version=answer.model_version,
        features={name: panel.newest.get(name) for name in panel.features},
        label=answer.label,
        recession_probability=answer.recession_probability,
        probabilities=probabilities,
        beside={**_declared(declared), **answer.foreseen},
    )


def _declared(declared: Declared | None) -> dict[str, Value]:
    if declared is None:
        return {}
    days = {"declared_on": declared.declared_on, "declared_about": declared.about}
    return {"declared_phase": declared.phase, **{name: _midnight(day) for name, day in days.items() if day is not None}}


@dataclass(frozen=True)
class Stamps:
    """When a content was known, and when it came to be.

    `event` is never later than the month's end nor than the clock; `created` tells the contents apart that a closed
    month has had. Of a month's contents, a later one is later by (`event`, `created`) whatever the clock did.
    """

    event: datetime
    created: datetime

    @classmethod
    def first(cls, as_of: date, now: datetime) -> "Stamps":
        """Of a month's first content: that of a closed month holds what was known at its end, and is dated so."""
        event = min(month_end(as_of), now)
        return cls(event, event)

    def following(self, as_of: date, now: datetime) -> "Stamps":
        """Of the content that replaces the one with these stamps."""
        event = min(month_end(as_of), max(now, self.event + TICK))
        return Stamps(event, max(event, now, self.created + TICK))


@dataclass(frozen=True)
class OnlineRow:
    """The newest row of an economy, and for how long it has been known.

    `features` holds NaN where the panel has no value yet; `probabilities` and `beside` are named as in `MonthRow`.
    """

    economy: str
    as_of: date
    reference_month: date
    known_at: datetime
    age: timedelta
    data_version: str
    model_version: str
    features: Mapping[str, float]
    label: str
    recession_probability: float
    probabilities: Mapping[str, float]
    beside: Mapping[str, Value] = field(default_factory=dict)


def month_end(as_of: date) -> datetime:
    """The last second of the day `as_of`, UTC."""
    return _midnight(as_of) + timedelta(days=1, seconds=-1)


def utc(moment: pd.Timestamp | datetime) -> datetime:
    """A moment in UTC; one without a zone is meant to be."""
    stamp = pd.Timestamp(moment)
    aware = stamp.tz_localize(UTC) if stamp.tzinfo is None else stamp.tz_convert(UTC)
    return aware.floor("us").to_pydatetime()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _or_missing(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
