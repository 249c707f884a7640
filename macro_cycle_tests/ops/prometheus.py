"""A real Prometheus that scrapes what a test shows it."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from macro_cycle_tests.conftest import free_port

READY_SECONDS = 60
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: macro-cycle
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@dataclass(frozen=True)
class Prometheus:
    """Where it answers."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an instant query gives."""
        response = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=10)
        answer = response.json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        return answer["data"]["result"]

    def wait_for(self, expression: str) -> None:
        """Until the query gives a series."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.query(expression):
            assert time.monotonic() < deadline, f"nothing came for {expression}"
            time.sleep(0.1)


@contextmanager
def prometheus_of(exposition: Callable[[], str], folder: Path) -> Iterator[Prometheus]:
    """A Prometheus that reads `exposition` every second; skips where the program is missing."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed: apt-get install prometheus")
    with _exporter(exposition) as exporter_port:
        port = free_port()
        (folder / "prometheus.yml").write_text(CONFIG.format(port=exporter_port))
        command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
        with (folder / "prometheus.log").open("w") as log:
            process = subprocess.Popen(
                [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log, cwd=folder
            )
        try:
            yield _ready(Prometheus(f"http://127.0.0.1:{port}"), process)
        finally:
            process.terminate()
            process.wait(20)


def _ready(prometheus: Prometheus, process: subprocess.Popen) -> Prometheus:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        assert process.poll() is None, "prometheus ended at once"
        try:
            if httpx.get(f"{prometheus.url}/-/ready", timeout=1).status_code == 200:
                return prometheus
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, "prometheus did not become ready"
        time.sleep(0.1)


@contextmanager
def _exporter(exposition: Callable[[], str]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(exposition().encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
