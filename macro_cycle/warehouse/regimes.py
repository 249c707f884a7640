"""Regimes as seen at each month end, and the append-only record of the answers given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zlib import crc32

import numpy as np
import pandas as pd
from sqlalchemy import Engine, Select, func, select, text
from sqlalchemy.dialects.postgresql import Insert, insert

from macro_cycle.errors import MacroCycleError
from macro_cycle.warehouse.locks import hold_until_commit
from macro_cycle.warehouse.tables import calls, models, regimes


@dataclass(frozen=True)
class Call:
    """The one answer given at a month end: the newest reference month's filtered probabilities by label."""

    as_of: date
    reference_month: date
    label: str
    recession_probability: float
    probabilities: Mapping[str, float]
    model_version: str
    data_version: str

    @property
    def months_behind(self) -> int:
        """Age of the data: months from the reference month to the month end."""
        return 12 * (self.as_of.year - self.reference_month.year) + self.as_of.month - self.reference_month.month

    @classmethod
    def newest_of(cls, frame: pd.DataFrame, as_of: date, model_version: str, data_version: str) -> "Call":
        """The answer that a regimes frame gives for its newest reference month."""
        newest = frame.iloc[-1]
        filtered = newest.filter(like="filtered_").rename(lambda name: name.removeprefix("filtered_"))
        return cls(
            as_of=as_of,
            reference_month=frame.index[-1].date(),
            label=newest["label"],
            recession_probability=float(newest["recession_probability"]),
            probabilities={str(label): float(p) for label, p in filtered.items()},
            model_version=model_version,
            data_version=data_version,
        )


@dataclass(frozen=True)
class RecordedCall(Call):
    """A call with the moment at which it was recorded."""

    recorded_at: datetime


class RegimeStore:
    """A cycle's part of the tables `regimes` (the newest view of each month end) and `calls` (every answer given)."""

    def __init__(self, engine: Engine, cycle: str) -> None:
        self._engine, self._cycle = engine, cycle

    def save(self, frame: pd.DataFrame, call: Call) -> None:
        """Replace the regimes seen at `call.as_of` and record the call if it differs from the last one.

        `frame` has index reference_month and the columns label, recession_probability, filtered_*, smoothed_*,
        predicted_* and phase_*; most_likely_regime follows from these and is not stored. One transaction: regimes and
        call agree at every moment.
        """
        with self._engine.begin() as connection:
            hold_until_commit(connection, "answers", _lock_key(self._cycle, call.as_of))
            connection.execute(_replaced(self._cycle, frame, call))
            last = connection.execute(self._last_call(call.as_of)).mappings().first()
            if last is None or _answer(last) != vars(call):
                connection.execute(insert(calls).values(cycle=self._cycle, **vars(call)))

    def load(self, as_of: date) -> pd.DataFrame:
        """The regimes frame as seen at `as_of` (a month end).

        Raises:
            MacroCycleError: regime_labels has not been materialized for that month.
        """
        with self._engine.connect() as connection:
            row = connection.execute(
                select(regimes).where(regimes.c.cycle == self._cycle, regimes.c.as_of == as_of)
            ).first()
        if row is None:
            raise MacroCycleError(f"no regimes as of {as_of:%Y-%m}; materialize regime_labels for that month first")
        months = pd.date_range(row.first_reference_month, periods=len(row.labels), freq="MS", name="reference_month")
        numbers = np.frombuffer(row.numbers, ">f8").reshape(len(months), len(row.columns)).astype(float)
        frame = pd.DataFrame(numbers, months, list(row.columns))
        filtered = frame.filter(like="filtered_")
        names = np.array([str(name).removeprefix("filtered_") for name in filtered], dtype=object)
        frame.insert(0, "label", pd.array(row.labels, dtype=object))
        frame.insert(2, "most_likely_regime", names[filtered.to_numpy().argmax(axis=1)])
        return frame

    def last_call(self, as_of: date) -> Call:
        """The last answer given at `as_of`.

        Raises:
            MacroCycleError: none was given.
        """
        with self._engine.connect() as connection:
            row = connection.execute(self._last_call(as_of)).mappings().first()
        if row is None:
            raise MacroCycleError(f"no call as of {as_of:%Y-%m}; materialize regime_labels for that month first")
        return Call(**_answer(row))

    def said_by(self, day: date) -> RecordedCall | None:
        """The newest answer on record for `day`: as of a month end by then, or recorded by then; None without any.

        Of several answers for one month end it is the last one recorded by that day, or, where all were recorded
        later (a backfill), the last one of all.
        """
        over = datetime.combine(day + timedelta(days=1), time(), UTC)
        by_then = calls.c.recorded_at < over
        query = select(calls).where(calls.c.cycle == self._cycle, (calls.c.as_of <= day) | by_then)
        query = query.order_by(calls.c.as_of.desc(), by_then.desc(), calls.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return RecordedCall(**_answer(row), recorded_at=row["recorded_at"]) if row else None

    def recorded(self) -> list[RecordedCall]:
        """Every answer ever given, in the order in which they were recorded."""
        with self._engine.connect() as connection:
            mine = select(calls).where(calls.c.cycle == self._cycle).order_by(calls.c.id)
            rows = connection.execute(mine).mappings().all()
        return [RecordedCall(**_answer(row), recorded_at=row["recorded_at"]) for row in rows]

    def newest(self) -> date | None:
        """The newest month end with a call."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(calls.c.as_of)).where(calls.c.cycle == self._cycle)).scalar()

    def broken_at(self) -> int | None:
        """The first call on record, of any cycle, that does not follow from the one before; None while it is whole.

        Each call holds a hash of itself and of its predecessor, so one that was altered is noticed, and one that was
        removed anywhere but at the end.
        """
        with self._engine.connect() as connection:
            return connection.execute(text(BROKEN)).scalar()

    def repeats(self, call: Call) -> bool:
        """Whether an earlier month end was answered about the same reference month from the same data."""
        with self._engine.connect() as connection:
            mine = select(models.c.input_version).where(models.c.model_version == call.model_version)
            panel = connection.execute(mine).scalar() or call.data_version
            same = calls.c.cycle == self._cycle, calls.c.reference_month == call.reference_month
            rows = _WITH_PANEL.where(calls.c.as_of < call.as_of, *same)
            return any(row.panel == panel for row in connection.execute(rows))

    def calls(self) -> pd.DataFrame:
        """Last answer of each month end, oldest first, with one `p_<label>` column per label.

        news: whether the answer rests on data that none before it had about the same reference month; one that does
        not repeats another and is no evidence. months_behind: age of the data, from reference month to month end.
        """
        found = self._calls(_WITH_PANEL)
        if found.empty:
            raise MacroCycleError("no calls yet; run `macro-cycle run` or `macro-cycle backfill` first")
        return found

    def calls_of(self, config_version: str) -> pd.DataFrame:
        """As `calls`, of models of one configuration alone; empty if there are none."""
        return self._calls(_WITH_PANEL.where(models.c.config_version == config_version))

    def _calls(self, query: Select) -> pd.DataFrame:
        query = (
            query.where(calls.c.cycle == self._cycle).distinct(calls.c.as_of).order_by(calls.c.as_of, calls.c.id.desc())
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            return pd.DataFrame()
        table = pd.DataFrame([_answer(row) for row in rows])
        repeated = table.assign(panel=[row["panel"] for row in rows]).duplicated(["reference_month", "panel"])
        probabilities = pd.DataFrame(table.pop("probabilities").tolist()).add_prefix("p_")
        probabilities.columns = probabilities.columns.str.lower()
        table = pd.concat([table, probabilities], axis=1)
        dates = {name: pd.to_datetime(table[name]) for name in ("as_of", "reference_month")}
        versions = ["model_version", "data_version"]
        table = table.assign(**dates)[[c for c in table if c not in versions] + versions]
        return table.assign(news=~repeated, months_behind=_months(table["as_of"]) - _months(table["reference_month"]))

    def label_changes(self, months: int = 24) -> pd.Series:
        """Share of the reference months older than `months` whose label changed since the month end before.

        Indexed by month end; only month ends whose predecessor is stored, see `metrics.label_change_share`.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(text(LABEL_CHANGES), {"cycle": self._cycle, "months": months}).all()
        index = pd.DatetimeIndex([row.as_of for row in rows], name="as_of")
        return pd.Series([row.share for row in rows], index=index, name="label_changes", dtype=float)

    def _last_call(self, as_of: date) -> Select:
        mine = select(calls).where(calls.c.cycle == self._cycle, calls.c.as_of == as_of)
        return mine.order_by(calls.c.id.desc()).limit(1)


_WITH_PANEL = select(calls, func.coalesce(models.c.input_version, calls.c.data_version).label("panel")).outerjoin(
    models, models.c.model_version == calls.c.model_version
)

LABEL_CHANGES = """
SELECT now.as_of, avg((now.label <> before.labels[place + lead])::int)::float8 AS share
FROM (
    SELECT as_of, first_reference_month, label, place::int
    FROM warehouse.regimes, unnest(labels) WITH ORDINALITY AS l(label, place)
    WHERE cycle = :cycle
        AND first_reference_month + make_interval(months => place::int - 1) < as_of - make_interval(months => :months)
) AS now
JOIN warehouse.regimes before
    ON before.cycle = :cycle AND before.as_of = (date_trunc('month', now.as_of) - interval '1 day')::date
CROSS JOIN LATERAL (
    SELECT (12 * date_part('year', a) + date_part('month', a))::int AS lead
    FROM age(now.first_reference_month, before.first_reference_month) AS a
) AS shift
WHERE place + lead BETWEEN 1 AND cardinality(before.labels)
GROUP BY now.as_of ORDER BY now.as_of
"""


BROKEN = """
SELECT min(id)
FROM (SELECT id, digest, lag(digest) OVER (ORDER BY id) AS before, c AS call FROM warehouse.calls c) chain
WHERE digest <> warehouse.call_digest(before, call)
"""


def _answer(row: Mapping) -> dict:
    return {name: row[name] for name in Call.__dataclass_fields__}


def _months(days: pd.Series) -> pd.Series:
    return 12 * days.dt.year + days.dt.month


def _lock_key(cycle: str, as_of: date) -> int:
    return 7_300_000_000 + as_of.toordinal() + (crc32(cycle.encode()) >> 2 << 33)


def _replaced(cycle: str, frame: pd.DataFrame, call: Call) -> Insert:
    """The frame in place of another of the same month end; the same one is not written again."""
    numbers = frame.drop(columns=["label", "most_likely_regime"], errors="ignore")
    values = {
        "data_version": call.data_version,
        "first_reference_month": frame.index[0].date(),
        "columns": list(map(str, numbers)),
        "labels": frame["label"].tolist(),
        "numbers": numbers.to_numpy(">f8").tobytes(),
    }
    statement = insert(regimes).values(cycle=cycle, as_of=call.as_of, **values)
    other = regimes.c.data_version != statement.excluded.data_version
    return statement.on_conflict_do_update(index_elements=["cycle", "as_of"], set_=values, where=other)
