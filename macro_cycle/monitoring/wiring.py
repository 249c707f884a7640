"""The collectors of the platform that the settings describe."""

import threading
from collections.abc import Callable
from functools import partial

import dagster as dg
from sqlalchemy import Engine, create_engine, text

from macro_cycle.cycles import CycleDefinition, library
from macro_cycle.cycles.naming import settings_of, source_key
from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.collectors.collector import RecordCollector
from macro_cycle.monitoring.collectors.drift import DriftCollector
from macro_cycle.monitoring.collectors.orchestration import (
    DaemonCollector,
    FetchCollector,
    RunCollector,
    daemon_beats,
)
from macro_cycle.monitoring.collectors.partitions import PartitionCollector, ProgressCollector
from macro_cycle.monitoring.collectors.record import AnswerCollector, FailureCollector, SeriesCollector
from macro_cycle.monitoring.collectors.services import ServiceCollector, answers
from macro_cycle.monitoring.collectors.serving import ServingCollector
from macro_cycle.monitoring.collectors.storage import DatabaseCollector, DiskCollector
from macro_cycle.monitoring.metrics import counts_file
from macro_cycle.platform.addresses import (
    CODE_SERVER,
    DAEMON,
    DATABASE,
    MLFLOW,
    MODEL_SERVER,
    WEB_SERVER,
    base_url,
    ready_url,
)
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.settings import Settings
from macro_cycle.platform.sockets import code_server, is_listened_at
from macro_cycle.warehouse.urls import SCHEMAS, DatabaseUrl

CONNECT_SECONDS = 2


class InstanceOnDemand:
    """Dagster's instance of DAGSTER_HOME, made when it is first wanted, then kept.

    Its storage waits for a database that is away, longer than a scrape: it is asked only where `engine` answers.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, threading.Lock()
        self._made: dg.DagsterInstance | None = None

    def __call__(self) -> dg.DagsterInstance:
        """The instance; raises while the database does not answer."""
        _connects(self._engine)
        with self._lock:
            if self._made is None:
                self._made = dg.DagsterInstance.get()
            return self._made


def collectors(settings: Settings) -> list[RecordCollector]:
    """What the exporter reads.

    Raises:
        MacroCycleError: the settings do not say where the database is.
    """
    if settings.database_url is None:
        raise MacroCycleError("the exporter needs MACRO_CYCLE_DATABASE_URL; `macro-cycle up` starts it with that set")
    url = DatabaseUrl(settings.database_url.get_secret_value()).sqlalchemy("psycopg2")
    engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS})
    instance = InstanceOnDemand(engine)
    of_cycles = [
        collector
        for definition in library(settings).found.values()
        for collector in _of(definition, settings_of(settings, definition), engine, instance)
    ]
    return [
        ServiceCollector(_checks(settings, engine, instance)),
        ServingCollector(f"{base_url(settings, MODEL_SERVER)}/metrics", counts_file(settings.home / "metrics")),
        *of_cycles,
        RunCollector(instance),
        DaemonCollector(instance),
        ProgressCollector(instance),
        DatabaseCollector(engine, SCHEMAS),
        DiskCollector(settings.home),
    ]


def _of(
    definition: CycleDefinition, settings: Settings, engine: Engine, instance: Callable[[], dg.DagsterInstance]
) -> list[RecordCollector]:
    """What is read of one cycle, under the settings as they are for it."""
    cycle, clock, catalog = definition.code, Clock.of(settings), definition.catalog(settings.data.catalog_path)
    return [
        AnswerCollector(engine, cycle, clock.now),
        SeriesCollector(engine, cycle, catalog, definition.features.series_ids, clock.now),
        FailureCollector(engine, cycle),
        FetchCollector(instance, cycle, source_key(settings, definition)),
        PartitionCollector(instance, cycle, clock.month_keys),
        DriftCollector(instance, cycle, settings.kserve.model_name, clock.open_month),
    ]


def _checks(
    settings: Settings, engine: Engine, instance: Callable[[], dg.DagsterInstance]
) -> dict[str, Callable[[], bool]]:
    doors = {service: answers(ready_url(settings, service)) for service in (MLFLOW, WEB_SERVER, MODEL_SERVER)}
    if (code := code_server()) is not None:
        doors[CODE_SERVER] = partial(is_listened_at, code)
    return {**doors, DATABASE: partial(_connects, engine), DAEMON: partial(daemon_beats, instance)}


def _connects(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.execute(text("SELECT true")).scalar_one()
