"""How fast the store takes revisions and answers as-of queries, with five million rows in it.

Beside wall time stand CPU seconds of both sides, client and server process: they say what the work costs where other
programs share the machine. The peer writes the same rows into a plain table without history by pandas' `to_sql`.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import psutil
from sqlalchemy import create_engine, text

from benchmarks.databases import empty_warehouse
from benchmarks.figures import Figure, figure
from macro_cycle.features import build_panel, feature_set_for
from macro_cycle.observations import Catalog
from macro_cycle.warehouse import Warehouse

SERIES, PERIODS, VINTAGES = 400, 600, 21
REVISED_PERIODS, ROUNDS, PEER_ROWS = 250, 5, 50_000
BATCH = 40
DAYS = ("1990-06-30", "2008-09-30", "2026-10-31")
FIRST_RELEASES = 35 + 30 * np.arange(12)
BENCHMARK_REVISIONS = 400 + 365 * np.arange(VINTAGES - 12)


def measure() -> list[Figure]:
    """Fill the store with revised histories, then revise and ask."""
    rng = np.random.default_rng(0)
    with empty_warehouse() as warehouse:
        for start in range(0, SERIES, BATCH):
            warehouse.ingest(_histories(rng, range(start, start + BATCH)), source="benchmark")
        with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE warehouse.observations"))
            rows = connection.execute(text("SELECT count(*) FROM warehouse.observations")).scalar_one()
        figures = [figure("rows stored", rows, "rows", ">= 5000000"), *_queries(warehouse), *_ingestion(warehouse, rng)]
    load = os.getloadavg()[1] / (os.cpu_count() or 1)
    return [*figures, figure("runnable processes per core meanwhile, of all programs", load, "")]


def _histories(rng: np.random.Generator, numbers: range) -> pd.DataFrame:
    """Twelve monthly revisions of each value, then one a year."""
    months = pd.date_range("1975-01-01", periods=PERIODS, freq="MS").to_numpy()
    lags = np.concatenate([FIRST_RELEASES, BENCHMARK_REVISIONS]).astype("timedelta64[D]")
    series, month, vintage = (axis.ravel() for axis in np.indices((len(numbers), PERIODS, VINTAGES)))
    return pd.DataFrame(
        {
            "series_id": np.array([f"S{n}" for n in numbers], object)[series],
            "date": months[month],
            "realtime_start": months[month] + lags[vintage],
            "value": 100 + rng.normal(size=len(series)),
            "estimated": False,
        }
    )


def _queries(warehouse: Warehouse) -> list[Figure]:
    ids = [f"S{n}" for n in range(3, SERIES, SERIES // 12)][:12]
    catalog = Catalog.load()
    features = feature_set_for(ids, catalog)
    figures = []
    for day in map(pd.Timestamp, DAYS):
        view, cpu = _median_seconds(warehouse, lambda day=day: warehouse.as_of(day, ids))
        panel, panel_cpu = _median_seconds(
            warehouse, lambda day=day: build_panel(warehouse.as_of(day, ids), catalog, features)
        )
        figures += [
            figure(f"as-of view of 12 series on {day:%Y-%m-%d}", 1000 * view, "ms"),
            figure(f"the same, CPU of client and server, {day:%Y-%m-%d}", 1000 * cpu, "ms CPU"),
            figure(f"panel of 12 series as of {day:%Y-%m-%d}", 1000 * panel, "ms", "<= 15"),
            figure(f"the same, CPU of client and server, {day:%Y-%m-%d}", 1000 * panel_cpu, "ms CPU"),
        ]
    return figures


def _ingestion(warehouse: Warehouse, rng: np.random.Generator) -> list[Figure]:
    peer = create_engine(warehouse.engine.url)
    turns, peer_turns = [], []
    for turn in range(ROUNDS):
        facts = _revisions(rng, pd.Timestamp("2046-01-01") + pd.Timedelta(days=turn))
        turns.append(_seconds(warehouse, lambda facts=facts: warehouse.ingest(facts, source="benchmark")))
        part = facts.head(PEER_ROWS)
        plain = _seconds(warehouse, lambda part=part: part.to_sql("peer", peer, if_exists="append", index=False))
        peer_turns.append(plain)
    wall, cpu = (len(facts) / statistics.median(turn[n] for turn in turns) for n in (0, 1))
    peer_wall, peer_cpu = (PEER_ROWS / statistics.median(turn[n] for turn in peer_turns) for n in (0, 1))
    return [
        figure("revisions ingested", wall, "rows/s", ">= 50000", "pandas to_sql, plain table", peer_wall),
        figure("revisions ingested per CPU second", cpu, "rows/s CPU", "", "pandas to_sql, plain table", peer_cpu),
    ]


def _revisions(rng: np.random.Generator, day: pd.Timestamp) -> pd.DataFrame:
    """One day on which the newest periods of every series are revised."""
    months = pd.date_range("1975-01-01", periods=PERIODS, freq="MS")[-REVISED_PERIODS:]
    cells = pd.MultiIndex.from_product([[f"S{n}" for n in range(SERIES)], months], names=["series_id", "date"])
    values = 100 + rng.normal(size=len(cells))
    return cells.to_frame(index=False).assign(realtime_start=day, value=values, estimated=False)


def _median_seconds(warehouse: Warehouse, work: Callable[[], Any], rounds: int = 21) -> tuple[float, float]:
    """Median wall seconds, and mean CPU seconds, whose clock is coarse."""
    work()
    turns = [_seconds(warehouse, work) for _ in range(rounds)]
    return statistics.median(turn[0] for turn in turns), statistics.fmean(turn[1] for turn in turns)


def _seconds(warehouse: Warehouse, work: Callable[[], Any]) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of this process and of the server's."""
    before, start = _cpu(warehouse), time.perf_counter()
    work()
    return time.perf_counter() - start, _cpu(warehouse) - before


def _cpu(warehouse: Warehouse) -> float:
    """CPU seconds so far of this process and of the database server's, ended ones included."""
    with warehouse.engine.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    postmaster = psutil.Process(backend).parent()
    assert postmaster is not None
    times = [process.cpu_times() for process in (postmaster, *postmaster.children(recursive=True))]
    reaped = postmaster.cpu_times()
    server = sum(t.user + t.system for t in times) + reaped.children_user + reaped.children_system
    return time.process_time() + server
