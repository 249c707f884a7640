"""The proxy lets nobody in without a login, viewers change nothing, and a page of another site gets nothing."""

import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest

from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.patience import PATIENCE, wait_until

pytestmark = pytest.mark.slow

CADDYFILE = Path(__file__).resolve().parents[2] / ".ops" / ".docker" / "Caddyfile"
UPSTREAMS = ("DAGSTER", "DAGSTER_READ_ONLY", "GRAFANA", "MLFLOW", "PROMETHEUS", "MODEL_SERVER", "PAGE")
DOORS = ("DAGSTER", "GRAFANA", "MLFLOW", "PROMETHEUS", "MODEL_SERVER", "PAGE")


@dataclass(frozen=True)
class Proxy:
    """The doors of a running proxy; behind each stands a server that says what reached it."""

    ports: dict[str, int]

    def origin(self, door: str) -> str:
        return f"https://localhost:{self.ports[door]}"

    def ask(self, door: str, path: str = "/", method: str = "GET", who: str | None = "admin", **headers: str) -> Any:
        auth = (who, who) if who else None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.origin(door) + path
        return httpx.request(method, url, auth=auth, headers=named, verify=_any_certificate(), timeout=PATIENCE)


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("caddy is not installed: apt-get install caddy")
    folder = tmp_path_factory.mktemp("proxy")
    servers = {name: ThreadingHTTPServer(("127.0.0.1", 0), _echo(name)) for name in UPSTREAMS}
    threads = [threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}) for s in servers.values()]
    for thread in threads:
        thread.start()
    ports = {door: free_port() for door in DOORS}
    users = folder / "users"
    users.write_text("".join(f"{name} {_hashed(name)}\n" for name in ("admin", "viewer")))
    environment = {"SITE_HOST": "localhost", "PROXY_USERS": str(users), "HOME": str(folder)}
    environment |= {name: f"127.0.0.1:{server.server_port}" for name, server in servers.items()}
    environment |= {f"{door}_PORT": str(port) for door, port in ports.items()}
    with (folder / "caddy.log").open("w") as log:
        command = [caddy, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    running = Proxy(ports)
    try:
        wait_until(lambda: _ready(running, process), "caddy did not become ready")
        yield running
    finally:
        process.terminate()
        process.wait(PATIENCE)
        for server in servers.values():
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


def _hashed(password: str) -> str:
    """As `caddy hash-password` does, which has no choice of the cost: each request would pay most of a second."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()


def _ready(proxy: Proxy, process: subprocess.Popen) -> bool:
    assert process.poll() is None, "caddy ended at once"
    try:
        return all(proxy.ask(door, who=None).status_code == 401 for door in DOORS)
    except httpx.HTTPError:
        return False


def _echo(name: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def _answer(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            content = json.dumps({"server": name, "headers": headers}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    return Handler


@pytest.mark.parametrize("door", DOORS)
def test_nobody_gets_in_without_a_login(proxy, door):
    assert proxy.ask(door, who=None).status_code == 401
    assert proxy.ask(door, who="somebody").status_code == 401
    assert proxy.ask(door).json()["server"] == door


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_site_gets_nothing(proxy, door, method):
    for origin in ("https://evil.example", "null", f"https://localhost.evil.example:{proxy.ports[door]}"):
        assert proxy.ask(door, method=method, Origin=origin).status_code == 403
    assert proxy.ask(door, method=method, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status_code == 403


def test_its_own_pages_may_act(proxy):
    answer = proxy.ask("DAGSTER", "/graphql", "POST", Origin=proxy.origin("DAGSTER"), Sec_Fetch_Site="same-origin")
    assert answer.json()["server"] == "DAGSTER"


@pytest.mark.parametrize("who", ["admin", "viewer"])
def test_a_mutation_in_an_address_is_refused(proxy, who):
    assert proxy.ask("DAGSTER", "/graphql?query=mutation{wipeAssets}", who=who).status_code == 403


def test_another_name_for_this_machine_is_not_answered(proxy):
    answer = proxy.ask("DAGSTER", Host="rebound.example")
    assert answer.text == ""


def test_viewers_see_the_dagster_that_changes_nothing(proxy):
    assert proxy.ask("DAGSTER", "/graphql", "POST", who="viewer").json()["server"] == "DAGSTER_READ_ONLY"


def test_viewers_search_in_mlflow_and_change_nothing(proxy):
    assert proxy.ask("MLFLOW", "/ajax-api/2.0/mlflow/runs/search", "POST", who="viewer").status_code == 200
    assert proxy.ask("MLFLOW", "/ajax-api/2.0/mlflow/runs/delete", "POST", who="viewer").status_code == 403
    assert proxy.ask("MLFLOW", "/ajax-api/2.0/mlflow/runs/delete", "POST").status_code == 200


def test_prometheus_is_only_read(proxy):
    assert proxy.ask("PROMETHEUS", "/api/v1/query_range", "POST", who="viewer").status_code == 200
    assert proxy.ask("PROMETHEUS", "/api/v1/admin/tsdb/delete_series", "POST").status_code == 403


def test_everybody_predicts_and_nobody_loads_a_model(proxy):
    assert proxy.ask("MODEL_SERVER", "/v1/models/macro-cycle-hmm:predict", "POST", who="viewer").status_code == 200
    assert proxy.ask("MODEL_SERVER", "/v2/repository/models/macro-cycle-hmm/load", "POST").status_code == 403


@pytest.mark.parametrize("who", ["admin", "viewer"])
def test_the_page_is_only_read_and_knows_the_name_it_is_asked_by(proxy, who):
    shown = proxy.ask("PAGE", "/us/", who=who).json()
    assert shown["headers"]["host"].startswith("127.0.0.1:")
    assert proxy.ask("PAGE", "/us/", "POST", who=who).status_code == 403


@pytest.mark.parametrize(("who", "role"), [("admin", "Admin"), ("viewer", "Viewer")])
def test_grafana_is_told_who_it_is_and_nobody_makes_himself_another(proxy, who, role):
    forged = {"X_Webauth_User": "admin", "X_Webauth_Role": "Admin"}
    headers = proxy.ask("GRAFANA", who=who, **forged).json()["headers"]
    assert (headers["x-webauth-user"], headers["x-webauth-role"]) == (who, role)


@pytest.mark.parametrize("door", DOORS)
def test_no_service_learns_a_password(proxy, door):
    assert "authorization" not in proxy.ask(door).json()["headers"]
