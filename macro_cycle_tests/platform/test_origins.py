"""No service acts for a web page of another origin, and those of its own, programs and links still reach it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.platform.origins import SameOrigin, allowed_hosts
from macro_cycle.platform.settings import Settings

HOST = "127.0.0.1:3000"
WIPE = "query=mutation%7BwipeAssets(assetPartitionRanges:[])%7B__typename%7D%7D"
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "cross-site"}


def status(method: str = "POST", path: str = "/graphql", query: str = "", kind: str = "http", **headers: str) -> int:
    """What the browser gets; 200 where the request reached the service."""
    sent: list[dict[str, Any]] = []

    async def service(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    named = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    asyncio.run(
        SameOrigin(service, allowed_hosts(Settings(allowed_hosts=("cycle.example",)), "127.0.0.1"))(
            scope, receive, send
        )
    )
    return sent[0].get("status") or (403 if sent[0]["type"] == "websocket.close" else 0)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1:3000.evil.example",
        "http://127.0.0.1:3001",
        "http://127.0.0.1",
        "http://localhost:3000",
        "null",
        "",
        "file://",
        "http://[bad",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_of_another_origin_gets_nothing(origin, kind, method):
    assert status(method, kind=kind, origin=origin) == 403


@pytest.mark.parametrize("host", [HOST, "localhost:3000", "[::1]:3000", "cycle.example", "10.0.0.7:3000"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_page_of_the_service_itself_reaches_it(host, kind):
    assert status(host=host, origin=f"http://{host}", sec_fetch_site="same-origin", kind=kind) == 200


def test_a_page_behind_a_proxy_that_keeps_the_name_reaches_it():
    assert status(host="cycle.example", origin="https://cycle.example") == 200


def test_a_program_reaches_it():
    assert status() == 200
    assert status("GET", "/server_info") == 200


def test_a_name_that_was_pointed_at_this_machine_is_refused():
    assert status(host="evil.example:3000", origin="http://evil.example:3000", sec_fetch_site="same-origin") == 421
    assert status(host="") == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_an_image_or_a_frame_of_another_page_gets_nothing(site):
    assert status("GET", "/", sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="image") == 403
    assert status("GET", "/", sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe") == 403


def test_a_link_from_elsewhere_leads_here_but_does_nothing():
    headers = {name.replace("-", "_"): value for name, value in NAVIGATION.items()}
    assert status("GET", "/assets", **headers) == 200
    assert status("GET", "/graphql", WIPE, **headers) == 405
    assert status("POST", "/graphql", **headers) == 403


@pytest.mark.parametrize(
    "document",
    [
        "mutation{x}",
        "subscription{x}",
        "query a{x} mutation b{y}",
        "#query\nmutation{x}",
        "{x} mutation b{y}",
        "not graphql",
        "{" * 5000,
    ],
)
def test_graphql_does_not_act_by_get(document):
    from urllib.parse import quote

    assert status("GET", "/graphql", f"query={quote(document)}") == 405
    assert status("GET", "/graphql", f"query=%7Bversion%7D&query={quote(document)}") == 405
    assert status("HEAD", "/prefix/graphql", f"query={quote(document)}") == 405


def test_graphql_reads_by_get_and_acts_by_post():
    assert status("GET", "/graphql", "query=%7Bversion%7D") == 200
    assert status("POST", "/graphql", WIPE) == 200


@given(st.sampled_from(["host", "origin", "sec-fetch-site"]), st.text("abc:/.", max_size=8))
def test_a_second_header_does_not_hide_the_first(name, value):
    first = {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    headers = [(key.encode(), text.encode()) for key, text in first.items()] + [(name.encode(), value.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def unreachable(*_arguments: Any) -> None:
        raise AssertionError

    asyncio.run(SameOrigin(unreachable, {"localhost"})(scope, unreachable, send))
    assert sent[0]["status"] == 400


def test_names_are_read_with_commas_between(monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_ALLOWED_HOSTS", "Cycle.example, exporter")
    assert allowed_hosts(Settings(), "0.0.0.0") >= {"cycle.example", "exporter", "localhost"}  # noqa: S104
