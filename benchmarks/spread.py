"""A comparison of 36 configurations over 600 months: on one Dask worker, on two, and the same rows from both."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from distributed import Client

from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.cycles.variants import variants
from macro_cycle.evaluation.comparison import Ground, compare
from macro_cycle.resources.dask_engine import DaskEngine
from macro_cycle.sources.sample import Sample

US = shipped()
VARIED = {
    "model.winsor": [3, 3.5, 4],
    "model.discount": [0.4, 0.45, 0.5],
    "features.MOMENTUM.span": [2, 3],
    "features.MOMENTUM.change": [4, 5],
}
MONTHS = pd.date_range(end="2026-07-01", periods=600, freq="MS")


def measure() -> list[Figure]:
    """Rates of both; each worker has compiled its kernels before it is timed."""
    catalog = US.catalog()
    rows = Sample(catalog).observations(US.features.series_ids)
    history = rows.assign(realtime_end=pd.NaT).sort_values(["series_id", "date"], ignore_index=True)
    ground = Ground(history, catalog, US.chronology, MONTHS, pd.Timestamp("2026-08-31"))
    timed = {workers: _timed(workers, ground) for workers in (1, 2)}
    (alone, one), (together, two) = timed[1], timed[2]
    figures = len(one) * len(MONTHS)
    return [
        figure("speed of two workers over one", alone / together, "x", ">= 1.7"),
        figure("rows that differ", sum(a != b for a, b in zip(one, two, strict=True)), "rows", "<= 0"),
        figure("throughput per worker, one", figures / alone, "configuration months/s"),
        figure("throughput per worker, two", figures / together / 2, "configuration months/s"),
    ]


def _timed(workers: int, ground: Ground) -> tuple[float, list[dict[str, Any]]]:
    wanted = variants(US, VARIED)
    with _cluster(workers) as address:
        warm = Ground(ground.history, ground.catalog, ground.chronology, MONTHS[:120], ground.day)
        list(compare(wanted[:1] * 2 * workers, warm, DaskEngine(address)))
        start = time.perf_counter()
        rows = list(compare(wanted, ground, DaskEngine(address)))
        return time.perf_counter() - start, rows


@contextmanager
def _cluster(workers: int) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        file = f"{folder}/scheduler.json"
        options = ("--scheduler-file", file, "--no-dashboard", "--host", "127.0.0.1")
        started = [_dask("scheduler", "--port", "0", *options)]
        started += [_dask("worker", "--nthreads", "1", "--no-nanny", *options) for _ in range(workers)]
        try:
            with Client(scheduler_file=file, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=60)
                address = client.scheduler_info()["address"]
            yield address
        finally:
            _end(started)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """End the workers before the scheduler, of which they would take leave."""
    for process in reversed(processes):
        process.terminate()
        process.wait(30)


def _dask(*arguments: str) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "dask", *arguments]
    return subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
