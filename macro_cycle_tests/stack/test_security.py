"""A running stack does nothing for a page of another origin, and shows its secrets to nobody who need not know."""

import asyncio
import json
import os

import httpx
import psutil
import pytest

from macro_cycle.stack.launch import SECRET, matches
from macro_cycle_tests.patience import PATIENCE
from macro_cycle_tests.stack.running import MODEL, Stack
from macro_cycle_tests.stack.test_launch import GIVEN

pytestmark = pytest.mark.slow
WIPE = 'mutation{wipeAssets(assetPartitionRanges:[{assetKey:{path:["us","champion"]}}]){__typename}}'
MADE_BY_MLFLOW = {  # from MLFLOW_BACKEND_STORE_URI, for its workers; the other two are numbers
    *("MLFLOW_TRACKING_URI", "MLFLOW_SERVER_SECRETS_CACHE_TTL", "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE"),
}
FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "null"},
    {"Host": "evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
]
ASKED = {
    "dagster": ("POST", "/graphql"),
    "mlflow": ("POST", "/api/2.0/mlflow/experiments/create"),
    "model-server": ("POST", f"/v2/repository/models/{MODEL}/load"),
    "exporter": ("GET", "/metrics"),
    "page": ("GET", "/us/data/answers.json"),
}


@pytest.mark.parametrize("service", ASKED)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_origin_gets_nothing(stack, service, headers):
    method, path = ASKED[service]
    url = f"{stack.url(service)}{path}"
    response = httpx.request(method, url, headers=headers, json={"name": "x"}, timeout=PATIENCE)
    assert response.status_code in (403, 421)
    assert "access-control-allow-origin" not in response.headers


def test_no_link_wipes_an_asset_s_history(stack):
    response = httpx.get(f"{stack.url('dagster')}/graphql", params={"query": WIPE}, timeout=PATIENCE)
    assert response.status_code == 405


def graphql(stack: Stack, **headers: str) -> httpx.Response:
    return httpx.post(f"{stack.url('dagster')}/graphql", json={"query": "{version}"}, headers=headers, timeout=PATIENCE)


def test_dagster_s_own_page_still_asks_and_listens(stack):
    own = {"Origin": stack.url("dagster"), "Sec-Fetch-Site": "same-origin"}
    assert graphql(stack, **own).json()["data"]["version"]
    assert asyncio.run(acknowledged(stack, stack.url("dagster"))) is True
    assert asyncio.run(acknowledged(stack, "http://evil.example")) is False


async def acknowledged(stack: Stack, origin: str) -> bool:
    """Whether Dagster takes a subscription from a page of this origin."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus
    from websockets.typing import Origin, Subprotocol

    url = f"ws://127.0.0.1:{stack.port('dagster')}/graphql"
    try:
        async with connect(url, origin=Origin(origin), subprotocols=[Subprotocol("graphql-ws")]) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            return json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["type"] == "connection_ack"
    except InvalidStatus:
        return False


def test_no_process_has_a_secret_that_it_does_not_need(stack):
    for service, pid in stack.pids().items():
        if service == "dagster-code":  # its runs may need any
            continue
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            held = {name for name in environment_of(each) if matches(name, SECRET)}
            assert held - MADE_BY_MLFLOW <= GIVEN[service], service


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Of one that has just ended, nothing."""
    try:
        return process.environ()
    except psutil.NoSuchProcess:
        return {}


def test_no_secret_stands_on_a_command_line(stack):
    environment = psutil.Process(stack.pids()["dagster-code"]).environ()
    secrets = {value for name, value in environment.items() if matches(name, SECRET) and value}
    assert secrets
    for pid in filter(None, stack.pids().values()):
        line = " ".join(psutil.Process(pid).cmdline())
        assert not any(secret in line for secret in secrets)


def test_the_home_and_its_logs_are_their_owner_s_alone(stack):
    assert stack.home.stat().st_mode & 0o022 == 0
    if os.geteuid() != 0:  # root's database runs as another user, who must pass through
        assert stack.home.stat().st_mode & 0o077 == 0
    entries = [path for path in stack.home.iterdir() if path.name != "postgres"]
    logs = list((stack.home / "logs").iterdir())
    assert logs
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in (*entries, *logs)} == {
        path.name: "0o0" for path in (*entries, *logs)
    }
