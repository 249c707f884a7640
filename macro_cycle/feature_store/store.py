"""The one wrapper through which features are written to and read from Feast."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import psycopg
from feast import FeatureStore
from feast.errors import FeatureViewNotFoundException
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.feature_store import history
from macro_cycle.feature_store.definitions import (
    BESIDE,
    ENTITY,
    FEATURES_VIEW,
    REGIMES_VIEW,
    VIEWS,
    Columns,
    columns_of,
    economy,
    feature_service,
    feature_views,
)
from macro_cycle.feature_store.parquet import export
from macro_cycle.feature_store.placement import Placement
from macro_cycle.feature_store.rows import MonthRow, OnlineRow, utc
from macro_cycle.warehouse.urls import DatabaseUrl

TORN_SECONDS, TORN_POLL_SECONDS = 5.0, 0.01
NOTHING_ONLINE = "the online store holds nothing of {}; materialize feast_materialization first"


def redis_errors(placement: Placement) -> tuple[type[Exception], ...]:
    """What Redis raises; nothing where none is used."""
    if placement.redis is None:
        return ()
    from redis.exceptions import RedisError

    return (RedisError,)


def of_redis(error: Exception) -> MacroCycleError:
    """Its line: an outage where Redis is away, busy or slow, which a wrong password is not, though it ends in one."""
    from redis.exceptions import AuthenticationError, ConnectionError, TimeoutError  # noqa: A004 - their names

    away = isinstance(error, ConnectionError | TimeoutError) and not isinstance(error, AuthenticationError)
    return (OutageError if away else MacroCycleError)(f"Redis does not answer: {str(error).splitlines()[0]}")


def prepare(placement: Placement, columns: Mapping[str, Columns]) -> dict[str, Columns]:
    """Make what the views are to read, with at least these columns; all columns that there are, of every economy."""
    with history.connect(placement.url) as connection:
        history.hold_lock(connection)
        history.ensure(connection, columns)
        if placement.parquet:
            export(connection, placement.parquet)
        return history.columns(connection)


class _Torn(Exception):
    """The two views were read on either side of a write."""


class EconomyStore:
    """Features and probabilities of one economy, beside those of others.

    `features` are the panel's columns, `labels` the regimes'; `now` tells the time in UTC, by which knowledge is
    stamped and its age is measured. May be used by several threads.

    Raises:
        MacroCycleError: the database or the online store does not answer (on use).
    """

    def __init__(
        self,
        placement: Placement,
        name: str,
        features: Sequence[str],
        labels: Sequence[str],
        now: Callable[[], pd.Timestamp],
    ) -> None:
        self._placement, self._url, self._name, self._now = placement, DatabaseUrl(placement.url), name, now
        self._columns = columns_of(features, labels)
        self._references = [f"{view}:{column}" for view, columns in self._columns.items() for column in columns]
        self._features = list(features)
        self._redis_errors = redis_errors(placement)
        with self._answering():
            self._store = FeatureStore(config=placement.repo_config())

    def apply(self) -> None:
        """Make the tables and register entity and views; safe to repeat and from several processes at once.

        Columns are only ever added: those of other economies stay.
        """
        with self._answering():
            prepare(self._placement, self._columns)
        with self._transaction() as connection:
            history.hold_lock(connection)
            views = feature_views(history.columns(connection), self._placement.source)
            self._store.apply([economy, *views, feature_service(views)])

    def write_offline(self, rows: Sequence[MonthRow]) -> int:
        """Add the rows whose content is not the last of their month already; how many were added.

        Raises:
            MacroCycleError: two rows are of one month, or a month has not begun; nothing was written.
        """
        with self._transaction() as connection:
            history.hold_lock(connection)
            added = history.append(connection, self._name, rows, utc(self._now()))
            if added and self._placement.parquet:
                export(connection, self._placement.parquet)
        return added

    def materialize_online(self) -> None:
        """Bring the online store up to the newest row.

        Raises:
            MacroCycleError: nothing was written yet, or the online store already holds what was known later.
        """
        with self._transaction() as connection:
            history.hold_lock(connection)
            rows = history.newest(connection, self._name)
            if not rows:
                raise MacroCycleError(f"nothing of {self._name} was written yet; materialize feast_materialization")
            self._store.refresh_registry()
            for view, row in rows.items():
                self._write_online(view, row)

    def read_online(self) -> OnlineRow:
        """The newest row, by Feast's online store.

        Raises:
            MacroCycleError: nothing was materialized yet, or a write of it was interrupted.
        """
        with self._answering():
            try:
                return self._read_online()
            except _Torn:
                return self._read_until_whole()

    def read_history(self, moments: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """The values known at each moment, in their order; what was revised or recomputed later is not seen.

        Columns are `economy`, `event_timestamp` (the moment) and `<view>__<column>`; those of a moment before the
        first row are missing.
        """
        asked = [utc(moment) for moment in moments]
        with self._transaction() as connection:
            names, rows = history.known_at(connection, self._name, asked, self._columns)
        frame = pd.DataFrame(rows, columns=names)
        frame.insert(0, ENTITY, self._name)
        dated = ("event_timestamp", "__as_of", "__reference_month", "__declared_on", "__declared_about")
        times = [c for c in names if c.endswith(dated)]
        texts = [c for c in names if c.endswith(("_version", "__label", "__declared_phase"))]
        numbers = [c for c in names if c not in times and c not in texts]
        kinds = dict.fromkeys(numbers, "float64") | dict.fromkeys(texts, "object")
        return frame.astype(kinds | dict.fromkeys(times, "datetime64[us, UTC]"))

    def _write_online(self, view: str, row: dict[str, Any]) -> None:
        columns = {f.name for f in self._store.get_feature_view(view).features}
        kept = {name: row.get(name) for name in (ENTITY, "event_timestamp", "created", *columns)}
        self._store.write_to_online_store(view, pd.DataFrame([kept]))

    def _read_until_whole(self) -> OnlineRow:
        patiently = Retrying(
            retry=retry_if_exception_type(_Torn),
            stop=stop_after_delay(TORN_SECONDS),
            wait=wait_fixed(TORN_POLL_SECONDS),
            reraise=True,
        )
        try:
            return patiently(self._read_online)
        except _Torn:
            raise MacroCycleError(
                f"what is online of {self._name} was written half; materialize feast_materialization again"
            ) from None

    def _read_online(self) -> OnlineRow:
        try:
            values, stamps = self._fetch_online()
        except (psycopg.OperationalError, FeatureViewNotFoundException):
            self._store.refresh_registry()  # the database has restarted, or the views were registered since
            values, stamps = self._fetch_online()
        if all(values[f"{view}__as_of"] is None for view in VIEWS):
            raise MacroCycleError(NOTHING_ONLINE.format(self._name))
        if len(set(stamps)) > 1:
            raise _Torn
        return self._online_row(values, stamps[0])

    def _fetch_online(self) -> tuple[dict[str, Any], list[datetime]]:
        response = self._store.get_online_features(
            features=self._references, entity_rows=[{ENTITY: self._name}], full_feature_names=True
        )
        values = {name: column[0] for name, column in response.to_dict().items()}
        results, names = response.proto.results, list(response.proto.metadata.feature_names.val)
        stamps = (results[names.index(f"{view}__as_of")].event_timestamps[0] for view in VIEWS)
        return values, [stamp.ToDatetime(UTC) for stamp in stamps]

    def _online_row(self, values: dict[str, Any], known: datetime) -> OnlineRow:
        features = {name: values[f"{FEATURES_VIEW}__{name}"] for name in self._features}
        regimes = {name: values[f"{REGIMES_VIEW}__{name}"] for name in self._columns[REGIMES_VIEW]}
        return OnlineRow(
            economy=self._name,
            known_at=known,
            age=max(utc(self._now()) - known, timedelta()),
            features={name: float("nan") if value is None else value for name, value in features.items()},
            as_of=regimes.pop("as_of").date(),
            reference_month=regimes.pop("reference_month").date(),
            data_version=regimes.pop("data_version"),
            model_version=regimes.pop("model_version"),
            label=regimes.pop("label"),
            recession_probability=regimes.pop("recession_probability"),
            beside={name: value for name in BESIDE if (value := regimes.pop(name)) is not None},
            probabilities={name: p for name, p in regimes.items() if p is not None},
        )

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        with self._answering(), history.connect(self._placement.url) as connection:
            yield connection

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.RaiseException as error:
            raise MacroCycleError(str(error).splitlines()[0]) from None
        except psycopg.OperationalError as error:
            raise self._url.away(error) from None
        except self._redis_errors as error:
            raise of_redis(error) from None
