"""Runs whose process is gone without a word: it was killed together with its code server, or the machine stopped.

A code server ends the run of a process that it started and that died. Nobody does where the server died too; the run
would stay in progress, and those that wait for it would wait for ever.
"""

import json
import time
from collections.abc import Mapping

import dagster as dg
import psutil

from macro_cycle.dagster_internals import GRPC_INFO_TAG
from macro_cycle.stack.processes import lives

IN_PROGRESS = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
START_SECONDS = 30.0
CLOCK_SECONDS = 2.0
FIRST_EVENTS = 20
GONE = "the process of this run is gone: it was killed, or the machine stopped; what it had made is kept"


class LostRuns:
    """The runs that came in by a door (the `socket` or `port` of a code server), looked at again and again.

    began: when the present server began, in seconds since 1970.
    """

    def __init__(self, instance: dg.DagsterInstance, door: Mapping[str, str | int], began: float) -> None:
        self._instance, self._door, self._began = instance, door, began
        self._missed: frozenset[str] = frozenset()

    def look(self) -> None:
        """End each run whose process is gone now and was at the last look: a living server does it in between."""
        records = self._instance.get_run_records(dg.RunsFilter(statuses=IN_PROGRESS))
        ours = [record for record in records if self._came_in_here(record.dagster_run)]
        gone = {record.dagster_run.run_id: record.dagster_run for record in ours if self._is_gone(record)}
        for run_id in gone.keys() & self._missed:
            self._end(gone[run_id])
        self._missed = frozenset(gone)

    def _came_in_here(self, run: dg.DagsterRun) -> bool:
        return self._door.items() <= json.loads(run.tags.get(GRPC_INFO_TAG, "{}")).items()

    def _is_gone(self, record: dg.RunRecord) -> bool:
        """Whether the process that its events name is none, or began later; or a former server never came to one."""
        found = self._instance.get_records_for_run(
            record.dagster_run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT, limit=FIRST_EVENTS, ascending=True
        )
        for event in found.records:
            pid = event.event_log_entry.get_dagster_event().engine_event_data.metadata.get("pid")
            if pid is not None:
                return not was_alive(int(str(pid.value)), event.event_log_entry.timestamp)
        handed_over = record.update_timestamp.timestamp()
        return handed_over < self._began and time.time() - handed_over > START_SECONDS

    def _end(self, run: dg.DagsterRun) -> None:
        if run.status == dg.DagsterRunStatus.CANCELING:
            self._instance.report_run_canceled(run, GONE)
        else:
            self._instance.report_run_failed(run, GONE)


def was_alive(pid: int, moment: float) -> bool:
    """Whether the process of this number runs, and did at a moment (seconds since 1970)."""
    try:
        process = psutil.Process(pid)
        return lives(process) and process.create_time() < moment + CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return False
