"""What notices are sent to in tests: an HTTP server that keeps what it got, and a real Alertmanager."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.patience import wait_until

SECRET = "T000-B000-XXXXXXXX"
CONFIG = Path(__file__).parents[2] / ".ops" / ".prometheus" / "alertmanager.yml"


class Receiver(ThreadingHTTPServer):
    """Keeps every body; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[dict] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/{SECRET}"

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.bodies.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def webhook() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """The address of a real Alertmanager under the repository's configuration; skips where it is not installed."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("Alertmanager is not installed (Debian: prometheus-alertmanager)")
    address = f"127.0.0.1:{free_port()}"
    command = [
        *(program, f"--config.file={CONFIG}", f"--storage.path={folder}"),
        *(f"--web.listen-address={address}", "--cluster.listen-address="),
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_until(lambda: _ready(address))
            yield f"http://{address}"
        finally:
            process.terminate()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready", timeout=1).is_success
    except httpx.HTTPError:
        return False
