"""What our way through Feast costs beside Feast's own API: reading online, reading history, writing a range.

Client CPU is this process's; PostgreSQL's is that of every process of the server.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import psutil
import psycopg

from benchmarks.databases import empty_warehouse
from benchmarks.figures import Figure, figure, median_cpu_seconds
from macro_cycle.cycles import shipped
from macro_cycle.feature_store.placement import Placement
from macro_cycle.feature_store.rows import MonthRow
from macro_cycle.feature_store.store import EconomyStore
from macro_cycle.hmm.labels import label_names

NOW = pd.Timestamp("2020-01-15")
MONTHS, READS, ROUNDS = 600, 200, 9
FEAST = "Feast's own API"


def measure() -> list[Figure]:
    """Write fifty years of months, then read them online and as history."""
    with empty_warehouse() as warehouse:
        url = warehouse.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        store = EconomyStore(Placement(url, "benchmark"), "US", shipped().features.names, label_names(4), lambda: NOW)
        store.apply()
        return [*_writing(store), *_online(store), *_history(store, url)]


def _rows(seed: int) -> list[MonthRow]:
    rng = np.random.default_rng(seed)
    names = [f"{kind}_{label}" for kind in ("filtered", "smoothed", "predicted") for label in label_names(4)]
    return [
        MonthRow(
            month.date(),
            month.date().replace(day=1),
            f"data {seed}",
            "model",
            {name: float(rng.normal()) for name in shipped().features.names},
            "Expansion",
            float(rng.random()),
            {name: float(rng.random()) for name in names},
        )
        for month in pd.date_range(end=NOW + pd.offsets.MonthEnd(0), periods=MONTHS, freq="ME")
    ]


def _writing(store: EconomyStore) -> list[Figure]:
    first, again = _rows(0), _rows(1)
    figures = [
        figure(
            f"{name} of {MONTHS} months, both views, one batch", _wall(lambda rows=rows: store.write_offline(rows)), "s"
        )
        for name, rows in (("first write", first), ("the same, nothing new", first), ("recomputed contents", again))
    ]
    store.materialize_online()
    return figures


def _online(store: EconomyStore) -> list[Figure]:
    def feast_s() -> None:
        store._store.get_online_features(
            features=store._references, entity_rows=[{"economy": "US"}], full_feature_names=True
        ).to_dict()

    works = [store.read_online, feast_s]
    cpu, peer = median_cpu_seconds([lambda work=work: [work() for _ in range(READS)] for work in works], ROUNDS)
    waits = [sorted(turns) for turns in zip(*([_wall(work) for work in works] for _ in range(5 * READS)), strict=True)]
    half, most = ([1000 * statistics.quantiles(turns, n=100)[n] for turns in waits] for n in (49, 98))
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return [
        figure("online read, CPU", 1000 * cpu / READS, "ms CPU", "", FEAST, 1000 * peer / READS),
        figure("online read, CPU of ours over Feast's own", cpu / peer, "x", "<= 1.5"),
        figure("online read, median", half[0], "ms", "", FEAST, half[1]),
        figure("online read, 99th percentile", most[0], "ms", "<= 10", FEAST, most[1]),
        figure("runnable processes per core meanwhile, of all programs", load, ""),
    ]


def _history(store: EconomyStore, url: str) -> list[Figure]:
    moments = {n: [NOW - pd.Timedelta(days=30 * k) for k in range(n)] for n in (150, 300, 600)}
    cost = {n: _server_cpu(url, lambda asked=asked: store.read_history(asked), 60) for n, asked in moments.items()}
    peer = _server_cpu(url, lambda: _feast_s_history(store, moments[600]), 1)
    client, peer_client = median_cpu_seconds(
        [lambda: store.read_history(moments[600]), lambda: _feast_s_history(store, moments[600])], 1
    )
    return [
        figure("history of 600 months, CPU of PostgreSQL", cost[600], "CPU s", "<= 0.5", FEAST, peer),
        figure("the same, CPU of the client", client, "CPU s", "", FEAST, peer_client),
        figure("the same of 600 months over that of 150 (linear: 4)", cost[600] / cost[150], "x", "<= 5"),
        figure("the same of 300 months", cost[300], "CPU s"),
    ]


def _feast_s_history(store: EconomyStore, moments: list[pd.Timestamp]) -> pd.DataFrame:
    entities = pd.DataFrame({"economy": "US", "event_timestamp": pd.to_datetime(moments, utc=True)})
    return store._store.get_historical_features(
        entities, store._references, full_feature_names=True, filter_by_created_timestamp=True
    ).to_df()


def _wall(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _server_cpu(url: str, work: Callable[[], Any], times: int) -> float:
    """Mean CPU seconds of the server for the work, after once that does not count; its clock is coarse."""
    work()
    with psycopg.connect(url) as connection:
        postmaster = psutil.Process(connection.info.backend_pid).parent()
    assert postmaster is not None
    before = _cpu(postmaster)
    for _ in range(times):
        work()
    return (_cpu(postmaster) - before) / times


def _cpu(postmaster: psutil.Process) -> float:
    living = [process.cpu_times() for process in (postmaster, *postmaster.children(recursive=True))]
    ended = postmaster.cpu_times()
    return sum(t.user + t.system for t in living) + ended.children_user + ended.children_system
