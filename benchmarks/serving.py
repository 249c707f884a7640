"""The model server beside plain FastAPI with the same model in the same run: CPU of the server per request, and rate.

Each of eight clients asks on one connection of its own and waits for each answer. The programs take turns; figures are
medians over the turns.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil

from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.features import build_panel
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.serving.deployers import LocalDeployer
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample
from macro_cycle.training.bundle import Bundle
from macro_cycle.training.train import bundle_of, train

CLIENTS = 8
SECONDS = 4.0
ROUNDS = 3
START_SECONDS = 60
MONTH = "2026-07-01"


@dataclass(frozen=True)
class Target:
    """A request to a program, and the process that answers it."""

    process: psutil.Process
    port: int
    request: bytes


@dataclass(frozen=True)
class Load:
    """What a program did under load."""

    cpu_seconds: float
    per_second: float
    p50: float
    p99: float


def measure() -> list[Figure]:
    """Windows of two years, and the whole panel, on V1 and V2 beside the peer."""
    with tempfile.TemporaryDirectory() as folder, _programs(Path(folder)) as (bundle, server, worker, peer):
        figures = []
        for name, months, v1_target, v2_target in (
            ("two years", 24, "<= 1.1", "<= 1.3"),
            (f"the panel of {len(bundle.panel)} months", len(bundle.panel), "<= 0.6", "<= 1.0"),
        ):
            values = bundle.panel.to_numpy(float)[-months:]
            targets = _targets(values, server, worker, peer)
            loads = _in_turns(targets)
            figures += _figures(name, loads, v1_target, v2_target, rate=months == 24)
    return figures


def _figures(name: str, loads: dict[str, Load], v1: str, v2: str, *, rate: bool) -> list[Figure]:
    peer = loads["FastAPI"]
    figures = []
    for protocol, target in (("V1", v1), ("V2", v2), ("V2 binary", v2)):
        load = loads[protocol]
        ratio = load.cpu_seconds / peer.cpu_seconds
        figures.append(figure(f"CPU per request, {protocol}, {name}", ratio, "x FastAPI", target, "FastAPI", 1.0))
        if rate:
            figures.append(
                figure(
                    f"requests with {CLIENTS} clients, {protocol}, {name}",
                    load.per_second / peer.per_second,
                    "x FastAPI",
                    ">= 0.8",
                    "FastAPI, per second",
                    peer.per_second,
                )
            )
            figures.append(figure(f"p99, {protocol}, {name}", 1000 * load.p99, "ms", "", "FastAPI", 1000 * peer.p99))
    figures.append(figure(f"CPU of FastAPI per request, {name}", 1e6 * peer.cpu_seconds, "us"))
    return figures


def _targets(values: np.ndarray, settings: Settings, worker: psutil.Process, peer: tuple) -> dict[str, Target]:
    rows = [[None if np.isnan(cell) else cell for cell in row] for row in values.tolist()]
    shape, name = list(values.shape), settings.kserve.model_name
    v1 = json.dumps({"instances": [rows]}).encode()
    tensor = {"name": "panel", "datatype": "FP64", "shape": shape, "data": [cell for row in rows for cell in row]}
    known = ~np.isnan(values)
    head = json.dumps(
        {
            "inputs": [
                _described("panel", "FP64", shape, values.nbytes),
                _described("observed", "BOOL", shape, known.nbytes),
            ]
        }
    ).encode()
    body = head + values.tobytes() + known.tobytes()
    length = f"inference-header-content-length: {len(head)}\r\n"
    infer, port = f"/v2/models/{name}/infer", settings.kserve.port
    return {
        "FastAPI": Target(*peer, _request("/predict", v1)),
        "V1": Target(worker, port, _request(f"/v1/models/{name}:predict", v1)),
        "V2": Target(worker, port, _request(infer, json.dumps({"inputs": [tensor]}).encode())),
        "V2 binary": Target(worker, port, _request(infer, body, length)),
    }


def _described(name: str, datatype: str, shape: list[int], size: int) -> dict:
    return {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}}


def _request(path: str, body: bytes, headers: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: benchmark\r\naccept: */*\r\n"
        f"content-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _in_turns(targets: dict[str, Target]) -> dict[str, Load]:
    loads: dict[str, list[Load]] = {name: [] for name in targets}
    for turn in range(ROUNDS + 1):
        for name, target in targets.items():
            load = _loaded(target, SECONDS if turn else 1.0)
            if turn:
                loads[name].append(load)
    return {name: _median(found) for name, found in loads.items()}


def _median(loads: list[Load]) -> Load:
    return Load(*(statistics.median(values) for values in zip(*(vars(load).values() for load in loads), strict=True)))


def _loaded(target: Target, seconds: float) -> Load:
    latencies: list[list[float]] = [[] for _ in range(CLIENTS)]
    ends = time.perf_counter() + seconds
    clients = [threading.Thread(target=_ask, args=(target, ends, own)) for own in latencies]
    before, started = target.process.cpu_times(), time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    elapsed, after = time.perf_counter() - started, target.process.cpu_times()
    every = sorted(latency for own in latencies for latency in own)
    cpu = after.user + after.system - before.user - before.system
    return Load(cpu / len(every), len(every) / elapsed, every[len(every) // 2], every[int(0.99 * len(every))])


def _ask(target: Target, ends: float, latencies: list[float]) -> None:
    """Ask without a pause; bytes are sent and read as they are, so that the client costs little."""
    with socket.create_connection(("127.0.0.1", target.port)) as connection:
        while (started := time.perf_counter()) < ends:
            connection.sendall(target.request)
            status = _read(connection)
            assert status == b"200", status
            latencies.append(time.perf_counter() - started)


def _read(connection: socket.socket) -> bytes:
    """Read one response; its status."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(65_536))
    return head.split(b" ")[1]


@contextmanager
def _programs(home: Path) -> Iterator[tuple[Bundle, Settings, psutil.Process, tuple[psutil.Process, int]]]:
    ports = _free_ports(3)
    settings = read_settings(home=home, kserve={"port": ports[0], "grpc_port": ports[1]})
    bundle = _bundle()
    folder = bundle.write(home / "bundle")
    environment = {
        "MACRO_CYCLE_HOME": str(home),
        "MACRO_CYCLE_KSERVE__PORT": str(ports[0]),
        "MACRO_CYCLE_KSERVE__GRPC_PORT": str(ports[1]),
    }
    server = _start(["-m", "macro_cycle.serving.server"], environment)
    peer = _start(["-m", "benchmarks.peers.plain_fastapi", str(folder), str(ports[2])], {})
    try:
        LocalDeployer(settings).deploy(bundle)
        _wait(lambda: httpx.get(f"http://127.0.0.1:{ports[2]}/docs").status_code == 200)
        yield bundle, settings, _serving(server, ports[1]), (psutil.Process(peer.pid), ports[2])
    finally:
        for process in (server, peer):
            process.terminate()
            process.wait(30)


def _start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, *arguments], env=os.environ | environment, stdout=subprocess.DEVNULL)


def _serving(server: subprocess.Popen, port: int) -> psutil.Process:
    for worker in psutil.Process(server.pid).children():
        if any(each.laddr and each.laddr.port == port for each in worker.connections("tcp")):
            return worker
    raise AssertionError("no worker serves")


def _wait(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the peer does not answer")


def _bundle() -> Bundle:
    catalog, features, day = Catalog.load(), shipped().features, as_of_day(MONTH)
    observations = Sample(catalog).observations(features.series_ids)
    panel = build_panel(known_on(observations, day), catalog, features)
    return bundle_of(train(panel, shipped().hmm_config()), panel, day)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
