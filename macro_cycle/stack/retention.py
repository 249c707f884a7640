"""What Dagster writes and nobody needs after a while: how steps went about their work, and what they printed.

Deleted is what this file names, and nothing else: materializations, checks, successes and failures of runs and steps
are the record of what was done, and stay, as does every kind of event that a later Dagster may bring.
"""

import math
import shutil
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from macro_cycle.warehouse.urls import DatabaseUrl

CHATTER = (
    "ENGINE_EVENT",
    "HANDLED_OUTPUT",
    "HOOK_COMPLETED",
    "HOOK_SKIPPED",
    "LOADED_INPUT",
    "LOGS_CAPTURED",
    "RESOURCE_INIT_STARTED",
    "RESOURCE_INIT_SUCCESS",
    "STEP_INPUT",
    "STEP_OUTPUT",
    "STEP_WORKER_STARTED",
    "STEP_WORKER_STARTING",
)
BATCH = 10_000
OLD = """
DELETE FROM dagster.event_logs WHERE id IN (
    SELECT id FROM dagster.event_logs WHERE timestamp < %s AND dagster_event_type = ANY(%s) ORDER BY id LIMIT %s)
"""


def prune_events(url: str, before: datetime) -> int:
    """Delete events of the kinds in `CHATTER` from before a moment (UTC); how many."""
    deleted = 0
    with psycopg.connect(DatabaseUrl(url).libpq(), autocommit=True) as connection:
        moment = before.astimezone(UTC).replace(tzinfo=None)
        while found := connection.execute(OLD, (moment, list(CHATTER), BATCH)).rowcount:
            deleted += found
    return deleted


def prune_output(dagster_home: Path, before: datetime) -> int:
    """Delete what the steps of runs printed, where the last word is from before a moment; of how many runs."""
    old = [folder for folder in dagster_home.glob("storage/*") if _last_written(folder) < before.timestamp()]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def _last_written(folder: Path) -> float:
    """Seconds since 1970; without end where something goes while it is looked at: then it is somebody's work."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except FileNotFoundError:
        return math.inf
