"""Runs, queue, sensors and daemons, as Dagster's storage has them."""

import time
from collections.abc import Callable, Iterator, Mapping

import dagster as dg
from prometheus_client.core import Metric

from macro_cycle.cycles.naming import FETCHED_TAG
from macro_cycle.dagster_internals import TickStatus
from macro_cycle.monitoring.collectors.collector import gauge, gauges, of_cycle

QUEUE_LOOKED_AT = 1000
HEARTBEAT_SECONDS = 90.0  # a daemon beats every 30


class RunCollector:
    """Runs by status, and how long the oldest queued one has waited."""

    name = "runs"

    def __init__(self, instance: Callable[[], dg.DagsterInstance]) -> None:
        self._instance = instance

    def metrics(self) -> Iterator[Metric]:
        """Numbers of runs, and ages in seconds."""
        instance = self._instance()
        runs = {
            (status.value.lower(),): float(instance.get_runs_count(dg.RunsFilter(statuses=[status])))
            for status in dg.DagsterRunStatus
        }
        yield gauges("macro_cycle_dagster_runs", "Runs in Dagster's storage", ["status"], runs)
        queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
        oldest = instance.get_run_records(queued, limit=1, ascending=True)
        waited = time.time() - oldest[0].create_timestamp.timestamp() if oldest else 0.0
        yield gauge("macro_cycle_dagster_queue_length", "Runs that wait to be launched", runs["queued",])
        yield gauge("macro_cycle_dagster_queue_age_seconds", "Since the run that waits longest was queued", waited)


class FetchCollector:
    """When a cycle's source was last asked for what is new, and answered."""

    def __init__(self, instance: Callable[[], dg.DagsterInstance], cycle: str, source: str) -> None:
        self.name = of_cycle("fetch", cycle)
        self._instance, self._cycle, self._source = instance, cycle, source

    def metrics(self) -> Iterator[Metric]:
        """The age in seconds; nothing before the first fetch."""
        fetches = dg.RunsFilter(tags={FETCHED_TAG: self._source})
        for last in self._instance().get_run_records(fetches, limit=1):
            text, age = "Since the source was last fetched", time.time() - last.create_timestamp.timestamp()
            yield gauge("macro_cycle_fetch_age_seconds", text, age, cycle=self._cycle)


class DaemonCollector:
    """The last tick of each sensor and schedule, and the last heartbeat of each daemon."""

    name = "daemons"

    def __init__(self, instance: Callable[[], dg.DagsterInstance]) -> None:
        self._instance = instance

    def metrics(self) -> Iterator[Metric]:
        """Ages in seconds, and whether the last tick failed."""
        instance = self._instance()
        ages, failing = {}, {}
        for state in instance.all_instigator_state():
            ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
            if ticks:
                ages[state.name,] = time.time() - ticks[0].timestamp
                failing[state.name,] = float(ticks[0].status == TickStatus.FAILURE)
        by = ["instigator"]
        yield gauges("macro_cycle_dagster_tick_age_seconds", "Since a sensor or schedule last ticked", by, ages)
        yield gauges("macro_cycle_dagster_tick_failing", "Whether the last tick failed", by, failing)
        beats = {(name.lower(),): age for name, age in heartbeat_ages(instance).items()}
        yield gauges("macro_cycle_dagster_heartbeat_age_seconds", "Since a daemon last beat", ["daemon"], beats)


def heartbeat_ages(instance: dg.DagsterInstance) -> Mapping[str, float]:
    """Seconds since the last heartbeat of each daemon that the instance needs and that has beaten."""
    statuses = instance.get_daemon_statuses().values()
    beaten = [each for each in statuses if each.required and each.last_heartbeat is not None]
    return {each.daemon_type: time.time() - each.last_heartbeat.timestamp for each in beaten if each.last_heartbeat}


def daemon_beats(instance: Callable[[], dg.DagsterInstance]) -> bool:
    """Whether every daemon has beaten within `HEARTBEAT_SECONDS`; one from the future counts as none."""
    ages = heartbeat_ages(instance())
    return bool(ages) and all(abs(age) <= HEARTBEAT_SECONDS for age in ages.values())
