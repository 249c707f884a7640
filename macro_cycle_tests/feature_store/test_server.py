"""The feature server answers what is online, and lets nobody write."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from macro_cycle_tests.feature_store.months import row


@pytest.fixture
def client(economy):
    from macro_cycle.feature_store.server import feature_app

    economy.write_offline([row("2008-02-29", 0.2)])
    economy.materialize_online()
    with TestClient(feature_app(economy._store, "127.0.0.1"), base_url="http://127.0.0.1:6566") as client:
        yield client


def test_it_answers_the_newest_row(client):
    asked = {"feature_service": "macro_cycle", "entities": {"economy": ["US"]}, "full_feature_names": True}
    answer = client.post("/get-online-features", json=asked).json()
    names = answer["metadata"]["feature_names"]
    values = dict(zip(names, (result["values"][0] for result in answer["results"]), strict=True))
    assert values["regime_probabilities__recession_probability"] == 0.2
    assert values["macro_features__UNRATE"] is None


def test_it_is_healthy(client):
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "path", ["/push", "/write-to-online-store", "/materialize", "/materialize-incremental", "/chat", "/search"]
)
def test_nobody_writes(client, path):
    assert client.post(path, json={}).status_code == 403


def test_no_socket_is_opened(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws/chat"):
        pass


def test_a_request_that_names_another_host_is_refused(client):
    assert client.get("/health", headers={"host": "rebound.example"}).status_code == 400


def test_a_large_body_is_refused(client):
    chunks = (b" " * 1000 for _ in range(100))
    assert client.post("/get-online-features", content=chunks).status_code == 413
