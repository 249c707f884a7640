"""Looking at the daemon from outside: what it ran, and whether it has nothing left to do."""

from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from macro_cycle.cycles import DEFAULT
from macro_cycle.dagster_internals import InstigatorTick, SensorInstigatorData, TickStatus
from macro_cycle.sources.watch import Watch

MANY = 1000


@dataclass(frozen=True)
class MonthRun:
    """A run that the daemon launched: the assets that it materialized, their month, and how it ended."""

    run_id: str
    assets: tuple[str, ...]
    month: str
    status: str


class Daemon:
    """The daemon of an instance, seen through what it stores of a cycle; assets are named without the cycle."""

    def __init__(self, instance: dg.DagsterInstance, cycle: str = DEFAULT) -> None:
        self._instance, self._cycle = instance, cycle

    def runs(self, since: datetime) -> list[MonthRun]:
        """Runs of a month created after `since` (UTC), oldest first; `current` has no months and is not among them."""
        filters = dg.RunsFilter(created_after=since.astimezone(UTC))
        found = reversed(self._instance.get_runs(filters, limit=MANY))
        return [self._run(run) for run in found if "dagster/partition" in run.tags]

    def is_quiet(self, since: datetime, token: str) -> bool:
        """Whether the release of `token` (`month:source's token`) was acted upon and nothing is running or wanted."""
        if self._watch().requested != token or self._unfinished():
            return False
        newest = self._instance.get_run_records(limit=1)
        ended = max([since.timestamp(), *(record.end_time or 0.0 for record in newest)])
        tick = self._last_tick(f"{self._cycle}_automation")
        return tick is not None and tick.timestamp > ended and tick.status == TickStatus.SKIPPED

    def metadata(self, asset: str, month: str) -> dict[str, dg.MetadataValue]:
        """Metadata of the newest materialization of an asset's month; empty where there is none."""
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey([self._cycle, asset]), asset_partitions=[month])
        records = self._instance.fetch_materializations(wanted, limit=1).records
        found = records[0].asset_materialization if records else None
        return dict(found.metadata) if found else {}

    def _run(self, run: dg.DagsterRun) -> MonthRun:
        stored = self._instance.event_log_storage.get_asset_partitions_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        assets = tuple(sorted(key.path[-1] for key in stored if key.path[0] == self._cycle))
        return MonthRun(run.run_id, assets, run.tags.get("dagster/partition", ""), run.status.value)

    def _unfinished(self) -> bool:
        return any(not run.is_finished for run in self._instance.get_runs(limit=MANY))

    def cursor(self, sensor: str) -> str | None:
        """What a sensor kept at its last look; None before the first."""
        for state in self._instance.all_instigator_state():
            if state.name == sensor and isinstance(state.instigator_data, SensorInstigatorData):
                return state.instigator_data.cursor
        return None

    def _watch(self) -> Watch:
        return Watch.from_cursor(self.cursor(f"{self._cycle}_releases"))

    def _last_tick(self, sensor: str) -> InstigatorTick | None:
        for state in self._instance.all_instigator_state():
            if state.name == sensor:
                ticks = self._instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
                return ticks[0] if ticks else None
        return None
