"""A real Prometheus that scrapes what a test shows it."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.patience import PATIENCE, wait_until

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
    login: tuple[str, str] | None = None

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an instant query gives."""
        url, query = f"{self.url}/api/v1/query", {"query": expression}
        response = httpx.get(url, params=query, auth=self.login, timeout=PATIENCE)
        answer = response.json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        return answer["data"]["result"]

    def wait_for(self, expression: str) -> list[dict[str, Any]]:
        """The series that the query gives, once there is one: a scrape that is late leaves none."""
        return wait_until(lambda: self.query(expression), f"nothing came for {expression}")


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
            wait_until(lambda: _ready(f"http://127.0.0.1:{port}", process), "prometheus did not become ready")
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _ready(url: str, process: subprocess.Popen) -> bool:
    assert process.poll() is None, "prometheus ended at once"
    try:
        return httpx.get(f"{url}/-/ready", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


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
