"""The endpoint answers what the filter says, refuses what it cannot answer, and never loses a request."""

import threading
from contextlib import suppress
from dataclasses import replace

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from macro_cycle.hmm import MacroCycleHMM
from macro_cycle_tests.conftest import bundle_as_of
from macro_cycle_tests.serving.conftest import wait_until

pytestmark = pytest.mark.slow

WINDOW = 24


def rows(bundle, months: int = WINDOW) -> list[list[float | None]]:
    return [[None if np.isnan(x) else x for x in row] for row in bundle.panel.iloc[-months:].to_numpy().tolist()]


def test_without_a_model_it_is_alive_but_not_ready(empty_server):
    assert httpx.get(f"{empty_server.url}/v2/health/live").status_code == 200
    assert empty_server.v1({"instances": [{"as_of": "latest"}]}).status_code == 503


def test_v1_v2_and_the_filter_agree(server, bundle):
    model = MacroCycleHMM.from_document(bundle.model)
    filtered = model.filter(bundle.panel.iloc[-WINDOW:].to_numpy()).filtered_probs[-1]
    v1 = server.v1({"instances": [rows(bundle)]}).json()["predictions"][0]
    data = np.nan_to_num(bundle.panel.iloc[-WINDOW:].to_numpy())
    complete = model.filter(data).filtered_probs[-1]
    tensor = {"name": "panel", "shape": list(data.shape), "datatype": "FP64", "data": data.ravel().tolist()}
    v2 = {output["name"]: output["data"] for output in server.v2([tensor]).json()["outputs"]}
    assert list(v1["probabilities"].values()) == filtered.tolist()
    assert v2["probabilities"] == complete.tolist()
    assert v2["labels"] == list(model.labels)


def test_rows_may_be_named_and_latest_is_the_golden_window(server, bundle):
    named = [dict(zip(bundle.panel.columns, row, strict=True)) for row in rows(bundle)]
    by_name, by_order = (
        server.v1({"instances": [instance]}).json()["predictions"][0] for instance in ({"rows": named}, rows(bundle))
    )
    assert by_name == by_order
    latest = server.v1({"instances": [{"as_of": "latest"}]}).json()["predictions"][0]
    assert latest["probabilities"] == pytest.approx(bundle.expected["probabilities"], abs=1e-12)
    assert latest["reference_month"] == "2007-11"


BAD_V1 = {
    "no instances": {},
    "a list as body": [1],
    "null instances": {"instances": None},
    "no instance": {"instances": []},
    "a number": {"instances": [1]},
    "a string": {"instances": ["latest"]},
    "null": {"instances": [None]},
    "flat numbers": {"instances": [[1.0, 2.0]]},
    "empty window": {"instances": [[]]},
    "empty rows": {"instances": [[[], []]]},
    "narrow row": {"instances": [[[1.0]]]},
    "text in a row": {"instances": [[["x"] * 10]]},
    "a boolean in a row": {"instances": [[[True] * 10]]},
    "nothing known": {"instances": [[[None] * 10]]},
    "unknown key": {"instances": [{"month": "2008-01"}]},
    "another month": {"instances": [{"as_of": "2008-01"}]},
    "two keys": {"instances": [{"as_of": "latest", "rows": []}]},
    "rows not objects": {"instances": [{"rows": [[1.0]]}]},
    "rows empty": {"instances": [{"rows": []}]},
    "rows not a list": {"instances": [{"rows": {}}]},
    "unknown feature": {"instances": [{"rows": [{"GDP": 1.0}]}]},
    "text for a feature": {"instances": [{"rows": [{"INDPRO": "high"}]}]},
    "too long": {"instances": [[[0.0] * 10] * 5001]},
}
BAD_BODIES = {
    "not json": b"{",
    "empty": b"",
    "binary": bytes(range(256)),
    "nan": b'{"instances": [[[NaN]]]}',
    "infinity": b'{"instances": [[[1e999]]]}',
}
BAD_V2 = {
    "no input": [],
    "two inputs": [{"name": "as_of", "shape": [1], "datatype": "BYTES", "data": ["latest"]}] * 2,
    "wrong word": [{"name": "as_of", "shape": [1], "datatype": "BYTES", "data": ["now"]}],
    "wrong rank": [{"name": "panel", "shape": [10], "datatype": "FP64", "data": [0.0] * 10}],
    "wrong width": [{"name": "panel", "shape": [1, 2], "datatype": "FP64", "data": [0.0] * 2}],
    "shape without data": [{"name": "panel", "shape": [9, 10], "datatype": "FP64", "data": [0.0]}],
    "wrong type": [{"name": "panel", "shape": [1, 10], "datatype": "BYTES", "data": ["x"] * 10}],
}


def one_clear_line(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    assert "\n" not in response.text.strip()
    assert "Traceback" not in response.text


@pytest.mark.parametrize("body", BAD_V1.values(), ids=BAD_V1)
def test_bad_v1_requests_are_refused_in_one_line(server, body):
    one_clear_line(server.v1(body))


@pytest.mark.parametrize("content", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_bad_bodies_are_refused_in_one_line(server, content, kind):
    url = f"{server.url}/v1/models/macro-cycle-hmm:predict"
    one_clear_line(httpx.post(url, content=content, headers={"content-type": kind}))


@pytest.mark.parametrize("inputs", BAD_V2.values(), ids=BAD_V2)
def test_bad_v2_requests_are_refused_in_one_line(server, inputs):
    one_clear_line(server.v2(inputs))


def test_extreme_values_give_finite_probabilities_or_a_refusal(server, bundle):
    response = server.v1({"instances": [[[1e308] * bundle.panel.shape[1]] * 3]})
    if response.status_code == 200:
        assert all(np.isfinite(p) for p in response.json()["predictions"][0]["probabilities"].values())
    else:
        one_clear_line(response)


def test_a_large_body_is_refused_before_it_is_read(server):
    def endless():
        for _ in range(200):
            yield b"x" * 1_000_000

    url = f"{server.url}/v1/models/macro-cycle-hmm:predict"
    with suppress(httpx.HTTPError):  # the server may close the connection while the client is still sending
        assert httpx.post(url, content=endless(), timeout=30).status_code == 413
    assert httpx.get(f"{server.url}/v2/health/live", timeout=1).status_code == 200


def spoilt(bundle, how: str):
    if how == "wrong expectation":
        wrong = dict.fromkeys(bundle.expected["probabilities"], 0.25)
        return replace(bundle, expected={**bundle.expected, "probabilities": wrong}, meta=renamed(bundle, "aaaa"))
    return replace(bundle, model={"format": 99}, meta=renamed(bundle, "bbbb"))


def renamed(bundle, version: str) -> dict:
    return {**bundle.meta, "model_version": version}


@pytest.mark.parametrize("how", ["wrong expectation", "broken document"])
def test_a_broken_model_is_refused_and_no_request_is_lost(server, bundle, how):
    from macro_cycle.serving.deployers import DeploymentError, LocalDeployer

    answered, ended = [], threading.Event()

    def ask() -> None:
        with httpx.Client() as client:
            while not ended.is_set():
                url = f"{server.url}/v1/models/macro-cycle-hmm:predict"
                response = client.post(url, json={"instances": [{"as_of": "latest"}]})
                answered.append((response.status_code, response.json()["predictions"][0]["model_version"]))

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    with pytest.raises(DeploymentError, match="refused"):
        LocalDeployer(server.settings).deploy(spoilt(bundle, how))
    before = len(answered)
    wait_until(lambda: len(answered) > before + len(clients), 30)
    ended.set()
    for client in clients:
        client.join()
    assert set(answered) == {(200, bundle.meta["model_version"])}


def test_a_killed_server_comes_back_with_its_model_and_all_counts_that_it_has_shown(server, bundle):
    server.v1({"instances": [{"as_of": "latest"}]})
    shown = counted(server)
    server.restart()
    response = server.v1({"instances": [{"as_of": "latest"}]})
    assert response.json()["predictions"][0]["model_version"] == bundle.meta["model_version"]
    assert counted(server) == shown + 1


def counted(server) -> float:
    """Predictions that the server's metrics show, beside the other names that others rely on."""
    text = httpx.get(f"{server.url}/metrics", timeout=10).raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {
        "hmm_predictions_total",
        "hmm_prediction_latency_seconds_count",
        "hmm_prediction_errors_total",
        "hmm_model_log_likelihood",
        "hmm_model_aic",
        "hmm_model_bic",
        "hmm_regime_distribution",
        "hmm_feature_count",
    } <= {sample.name for sample in samples}
    return sum(sample.value for sample in samples if sample.name == "hmm_predictions_total")


def test_a_newer_model_takes_over(server):
    from macro_cycle.serving.deployers import LocalDeployer

    newer = bundle_as_of("2008-06-01")
    deployment = LocalDeployer(server.settings).deploy(newer)
    assert deployment.model_version == newer.meta["model_version"]
    latest = server.v1({"instances": [{"as_of": "latest"}]}).json()["predictions"][0]
    assert latest["as_of"] == "2008-06-30"
