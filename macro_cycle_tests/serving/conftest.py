"""A real model server in a process of its own, with the default model deployed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle_tests.conftest import free_port

START_SECONDS = 60


@dataclass
class Server:
    """The server's process and how to reach it."""

    settings: Settings
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.kserve.port}"

    def v1(self, body: object, **options: object) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/models/macro-cycle-hmm:predict", json=body, timeout=30, **options)

    def v2(self, inputs: list) -> httpx.Response:
        return httpx.post(f"{self.url}/v2/models/macro-cycle-hmm/infer", json={"inputs": inputs}, timeout=30)

    def restart(self) -> None:
        """Kill the process outright and start another."""
        self.process.kill()
        self.process.wait()
        self.process = start(self.settings)


def settings_in(home: Path) -> Settings:
    return read_settings(home=home, kserve={"port": free_port()})


def start(settings: Settings) -> subprocess.Popen:
    environment = os.environ | {
        "MACRO_CYCLE_HOME": str(settings.home),
        "MACRO_CYCLE_KSERVE__PORT": str(settings.kserve.port),
    }
    log = (settings.home / "server.log").open("a")
    command = [sys.executable, "-m", "macro_cycle.serving.server"]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=settings.home)
    wait_until(lambda: answers(settings), START_SECONDS)
    return process


def answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{settings.kserve.port}/v2/health/live", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server to which nothing was deployed."""
    settings = settings_in(tmp_path_factory.mktemp("home"))
    server = Server(settings, start(settings))
    yield server
    server.process.terminate()
    server.process.wait(20)


@pytest.fixture(scope="module")
def server(empty_server: Server, bundle) -> Server:  # type: ignore[no-untyped-def]
    """A server with the default model deployed and verified."""
    from macro_cycle.serving.deployers import LocalDeployer

    LocalDeployer(empty_server.settings).deploy(bundle)
    return empty_server
