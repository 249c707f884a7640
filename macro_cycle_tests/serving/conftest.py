"""A real model server with its workers, in processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.serving.worker import WaitingQueue
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.patience import PATIENCE, wait_until


@dataclass
class Server:
    """The server's process and how to reach it."""

    settings: Settings
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.kserve.port}"

    @property
    def log(self) -> str:
        return (self.settings.home / "server.log").read_text()

    def v1(self, body: object, **options: object) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/models/macro-cycle-hmm:predict", json=body, timeout=PATIENCE, **options)

    def v2(self, inputs: list) -> httpx.Response:
        return httpx.post(f"{self.url}/v2/models/macro-cycle-hmm/infer", json={"inputs": inputs}, timeout=PATIENCE)

    def latest(self) -> httpx.Response:
        return self.v1({"instances": [{"as_of": "latest"}]})

    def workers(self) -> list[psutil.Process]:
        """The processes that answer, or wait to."""
        try:
            return psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def serving(self) -> psutil.Process:
        """The one that has the connections."""
        return wait_until(lambda: list(filter(self._serves, self.workers())))[0]

    def idle_workers(self) -> list[psutil.Process]:
        """Those that start, or wait for their turn."""
        return [worker for worker in self.workers() if not self._serves(worker)]

    def wait_for_both(self) -> None:
        """Return once one worker serves and the other is ready to."""
        queue = WaitingQueue(self.settings.home / "serving", place=1)  # no keeper's
        wait_until(lambda: any(map(self._serves, self.workers())) and queue.has_a_successor())

    def _serves(self, worker: psutil.Process) -> bool:
        port = self.settings.kserve.grpc_port
        try:
            return any(each.laddr and each.laddr.port == port for each in worker.connections("tcp"))
        except psutil.Error:  # it has just ended
            return False

    def kill(self) -> None:
        """Kill every process of it outright."""
        keeper = psutil.Process(self.process.pid)
        keeper.suspend()  # so that it replaces no worker meanwhile
        everything = [*keeper.children(), keeper]
        for process in everything:
            process.kill()
        self.process.wait()
        psutil.wait_procs(everything, 10)

    def restart(self) -> None:
        """Kill everything outright and start again."""
        self.kill()
        self.process = start(self.settings)

    def stop(self) -> int:
        """End it as a supervisor does; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def settings_in(home: Path) -> Settings:
    return read_settings(
        home=home, kserve={"port": free_port(), "grpc_port": free_port(), "patience_seconds": PATIENCE}
    )


def start(settings: Settings) -> subprocess.Popen:
    environment = os.environ | {
        "MACRO_CYCLE_HOME": str(settings.home),
        "MACRO_CYCLE_KSERVE__PORT": str(settings.kserve.port),
        "MACRO_CYCLE_KSERVE__GRPC_PORT": str(settings.kserve.grpc_port),
        "MACRO_CYCLE_KSERVE__BODY_SECONDS": str(settings.kserve.body_seconds),
    }
    command = [sys.executable, "-m", "macro_cycle.serving.server"]
    with (settings.home / "server.log").open("a") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=settings.home)
    wait_until(lambda: answers(settings))
    return process


def answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{settings.kserve.port}/v2/health/live", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server to which nothing was deployed."""
    settings = settings_in(tmp_path_factory.mktemp("home"))
    server = Server(settings, start(settings))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(empty_server: Server, bundle) -> Server:  # type: ignore[no-untyped-def]
    """A server with the default model deployed and verified."""
    from macro_cycle.serving.deployers import LocalDeployer

    LocalDeployer(empty_server.settings).deploy(bundle)
    return empty_server
