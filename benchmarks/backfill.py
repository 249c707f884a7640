"""The whole graph over 600 months as one run on a stack of its own: wall time, CPU seconds and memory."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from dagster import DagsterEventType, DagsterInstance

from benchmarks.figures import Figure, figure
from macro_cycle.cli import runs
from macro_cycle.features.store import PanelStore
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.settings import Settings
from macro_cycle.resources.platform import Platform
from macro_cycle.stack.isolated import isolated_stack
from macro_cycle.stack.services import dagster_home

MONTHS = 600
LOOK_SECONDS = 0.5
DEFINITIONS = """
import time
import psutil
import macro_cycle.definitions as module
module.defs.get_repository_def()
print(time.process_time(), psutil.Process().memory_info().rss / 2**20)
"""


@dataclass
class Use:
    """What launching a run took, and what its process has used so far."""

    launch_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0


def measure() -> list[Figure]:
    """The backfill through web server and run launcher, model fitting alone, and the loading of the definitions."""
    with tempfile.TemporaryDirectory() as folder, isolated_stack(Path(folder), CYCLES="us") as settings:
        months = Clock.of(settings).month_keys()[-MONTHS:]
        with DagsterInstance.from_config(str(dagster_home(settings))) as instance:
            first, use = _run(settings, instance, months)
            again, _ = _run(settings, instance, months)
            events = _events(instance)
        fitting = _fitting_cpu_seconds(settings, months)
    cpu, megabytes = _definitions()
    return [
        figure(f"whole graph, {len(months)} months in one run", first, "s wall", "<= 90"),
        figure("the same, launching it", use.launch_seconds, "s wall"),
        figure("the same, CPU of the run's process", use.cpu_seconds, "CPU s"),
        figure("the same, peak memory of the run's process", use.peak_megabytes, "MB", "<= 800"),
        figure("the same, model fitting alone (8 starts each)", fitting, "CPU s", "<= 20"),
        figure("the same, materializations reported", events, ""),
        figure("the same range again, nothing new", again, "s wall", "<= 20"),
        figure("definitions load", cpu, "CPU s", "<= 1.5"),
        figure("definitions load, memory", megabytes, "MB", "<= 160"),
    ]


def _run(settings: Settings, instance: DagsterInstance, months: list[str]) -> tuple[float, Use]:
    """Wall seconds from start to success of a run over the months, and what launching and running it used."""
    tags = {
        "dagster/asset_partition_range_start": months[0],
        "dagster/asset_partition_range_end": months[-1],
    }
    began = time.monotonic()
    run_id = runs.launch(Platform(settings), "whole_graph", tags)
    use = Use(launch_seconds=time.monotonic() - began)
    for process in _while_running(instance, run_id):
        seen = process.cpu_times()
        use.cpu_seconds = max(use.cpu_seconds, seen.user + seen.system)
        use.peak_megabytes = max(use.peak_megabytes, process.memory_info().rss / 2**20)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.is_success, f"run {run_id} ended as {run.status}"
    record = instance.get_run_record_by_id(run_id)
    assert record is not None
    assert record.start_time is not None
    assert record.end_time is not None
    return record.end_time - record.start_time, use


def _while_running(instance: DagsterInstance, run_id: str) -> Iterator[psutil.Process]:
    process = None
    while not (run := instance.get_run_by_id(run_id)) or not run.is_finished:
        process = process or _process_of(instance, run_id)
        if process is not None and process.is_running():
            try:
                yield process
            except psutil.NoSuchProcess:
                return
        time.sleep(LOOK_SECONDS)


def _process_of(instance: DagsterInstance, run_id: str) -> psutil.Process | None:
    """The process that executes the run, as its first engine event names it."""
    events = instance.get_records_for_run(run_id, of_type=DagsterEventType.ENGINE_EVENT, limit=50, ascending=True)
    for record in events.records:
        found = re.search(r"pid: (\d+)", record.event_log_entry.message or record.event_log_entry.user_message)
        if found:
            return psutil.Process(int(found[1]))
    return None


def _events(instance: DagsterInstance) -> int:
    return sum(len(instance.event_log_storage.get_materialized_partitions(key)) for key in instance.all_asset_keys())


def _fitting_cpu_seconds(settings: Settings, months: list[str]) -> float:
    """CPU of this process for fitting the months' models again from their stored panels, kernels compiled before."""
    from macro_cycle.cycles import shipped
    from macro_cycle.hmm import fit_windows
    from macro_cycle.training.train import BATCH

    store, config = PanelStore(settings.panel_path), shipped().hmm_config(settings.model)
    panels = [store.read(month) for month in months]
    fit_windows(panels[:1], config, chain=False)
    began = time.process_time()
    for start in range(0, len(panels), BATCH):
        fit_windows(panels[start : start + BATCH], config, chain=False)
    return time.process_time() - began


def _definitions() -> tuple[float, float]:
    """CPU seconds and resident megabytes of a new process that loads the definitions, the second of two."""
    for _ in range(2):
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DEFINITIONS], capture_output=True, text=True, check=True
        )
    cpu, megabytes = answer.stdout.split()[-2:]
    return float(cpu), float(megabytes)
