"""Months of each asset that were made, failed or are missing, and how far the runs in progress have come."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import dagster as dg
from prometheus_client.core import Metric

from macro_cycle.monitoring.collectors.collector import gauge, gauges, of_cycle

STATES = ("materialized", "failed", "in_progress", "missing")
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
MANY = 100


class PartitionCollector:
    """Of a cycle's assets; `months` gives the keys of its months, the open one last.

    Assets without partitions are left out.
    """

    def __init__(
        self, instance: Callable[[], dg.DagsterInstance], cycle: str, months: Callable[[], Sequence[str]]
    ) -> None:
        self.name = of_cycle("partitions", cycle)
        self._instance, self._cycle, self._months = instance, cycle, months
        self._counted: tuple[tuple[str | None, str], Mapping[tuple[str, ...], float]] | None = None

    def metrics(self) -> Iterator[Metric]:
        """Numbers of months by asset and state."""
        instance, months = self._instance(), list(self._months())
        found = self._as_of_now(instance, months)
        yield gauges("macro_cycle_dagster_partitions", "Months of an asset by state", ["asset", "state"], found)

    def _as_of_now(self, instance: dg.DagsterInstance, months: Sequence[str]) -> Mapping[tuple[str, ...], float]:
        """Counted again only when Dagster has stored an event, or a month has opened, since the last time."""
        events = instance.event_log_storage.get_maximum_record_id()
        seen = (str(events), months[-1])
        if self._counted is None or self._counted[0] != seen:
            self._counted = (seen, _counted(instance, self._cycle, months))
        return self._counted[1]


class ProgressCollector:
    """Backfills by status, and the share of what the unfinished runs and backfills are to make that is made."""

    name = "progress"

    def __init__(self, instance: Callable[[], dg.DagsterInstance]) -> None:
        self._instance = instance

    def metrics(self) -> Iterator[Metric]:
        """The share is left out while nothing is in progress."""
        instance = self._instance()
        backfills = Counter((each.status.value.lower(),) for each in instance.get_backfills(limit=MANY))
        yield gauges("macro_cycle_dagster_backfills", "The newest backfills", ["status"], dict(backfills))
        planned = done = 0
        for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=MANY):
            planned += _partitions(instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
            done += _partitions(instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION)
        if planned:
            text = "Months of assets that the unfinished runs have made, of those they are to make"
            yield gauge("macro_cycle_dagster_progress_ratio", text, min(1.0, done / planned))


def _counted(instance: dg.DagsterInstance, cycle: str, months: Sequence[str]) -> Mapping[tuple[str, ...], float]:
    definition = dg.StaticPartitionsDefinition(list(months))
    found: dict[tuple[str, ...], float] = {}
    for key in instance.get_asset_keys(prefix=[cycle]):
        statuses = instance.get_status_by_partition(key, months, definition)
        if not statuses or not any(statuses.values()):
            continue
        counts = Counter(status.value.lower() if status else "missing" for status in statuses.values())
        found |= {(key.to_user_string(), state): float(counts[state]) for state in STATES}
    return found


def _partitions(instance: dg.DagsterInstance, run_id: str, of_type: dg.DagsterEventType) -> int:
    by_asset = instance.event_log_storage.get_asset_partitions_for_run(run_id, of_type=of_type)
    return sum(len(months) for months in by_asset.values())
