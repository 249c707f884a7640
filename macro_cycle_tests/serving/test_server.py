"""The running server answers KServe's own clients, never loses a request to a swap, and bears what strangers send."""

import asyncio
import contextlib
import http.client
import json
import re
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from macro_cycle.serving.deployers import DeploymentError, LocalDeployer
from macro_cycle_tests.conftest import bundle_as_of
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.serving.conftest import Server, settings_in, start

pytestmark = pytest.mark.slow

NAME = "macro-cycle-hmm"
MONTHS = 24
MIB = 2**20


def test_without_a_model_it_is_alive_but_not_ready(empty_server):
    assert httpx.get(f"{empty_server.url}/v2/health/live", timeout=PATIENCE).status_code == 200
    assert httpx.get(f"{empty_server.url}/v2/health/ready", timeout=PATIENCE).status_code == 503
    assert empty_server.latest().status_code == 503


def panel(bundle) -> np.ndarray:
    return np.nan_to_num(bundle.panel.iloc[-MONTHS:].to_numpy())


def test_kserve_s_client_gets_the_same_on_v1_v2_and_grpc(server, bundle):
    from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

    values = panel(bundle)
    v1 = server.v1({"instances": [values.tolist()]}).json()["predictions"][0]

    async def ask() -> list:
        rest = InferenceRESTClient(RESTConfig(protocol="v2", timeout=PATIENCE))
        grpc = InferenceGRPCClient(f"127.0.0.1:{server.settings.kserve.grpc_port}", timeout=PATIENCE)
        found = []
        for binary in (False, True):
            tensor = InferInput("panel", list(values.shape), "FP64")
            tensor.set_data_from_numpy(values, binary_data=binary)
            request = InferRequest(NAME, [tensor], request_id="7")
            found.append(await rest.infer(server.url, request, model_name=NAME))
            found.append(await grpc.infer(request))
        assert await grpc.is_server_ready()
        assert await rest.is_server_ready(server.url)
        return found

    for response in asyncio.run(ask()):
        outputs = {output.name: output.as_numpy() for output in response.outputs}
        assert outputs["probabilities"].tolist() == [list(v1["probabilities"].values())]
        assert _texts(outputs["labels"]) == list(v1["probabilities"])
        assert response.id == "7"
        assert _texts(outputs["model_version"]) == [v1["model_version"]]


def _texts(elements) -> list[str]:
    return [element.decode() if isinstance(element, bytes) else element for element in elements]


def test_what_the_documentation_says_agrees(server, capsys):
    kserve = server.settings.kserve
    page = (Path(__file__).parents[2] / "docs" / "serving.md").read_text()
    page = page.replace("localhost:8080", f"127.0.0.1:{kserve.port}").replace("8081", str(kserve.grpc_port))
    page = page.replace(', {"as_of": "2008-09-15"}', "").replace("[2]", "[1]").replace(', "2008-09-15"', "")
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], {})  # noqa: S102 - the page is ours
    told = [float(line.strip("[]")) for line in capsys.readouterr().out.splitlines()]
    shell = re.search(r"```bash\n(.*?)```", page, re.DOTALL)[1].split("\n\n")
    v1, v2 = (json.loads(subprocess.check_output(["sh", "-c", each], stderr=subprocess.DEVNULL)) for each in shell)
    (answer,) = v1["predictions"]
    assert v2["outputs"][1]["data"] == [answer["recession_probability"]]
    assert told == pytest.approx([answer["recession_probability"]] * 2)


BAD_GRPC = {
    "another width": {"shape": [1, 2], "contents": {"fp64_contents": [0.0, 0.0]}},
    "fewer data": {"shape": [1, 10], "contents": {"fp64_contents": [0.0]}},
    "no data": {"shape": [1, 10]},
    "other contents": {"shape": [1, 10], "contents": {"fp32_contents": [0.0] * 10}},
    "NaN": {"shape": [1, 10], "contents": {"fp64_contents": [float("nan")] * 10}},
    "shape -1": {"shape": [-1, 10], "contents": {"fp64_contents": [0.0] * 10}},
    "another name": {"name": "window", "shape": [1, 10], "contents": {"fp64_contents": [0.0] * 10}},
}


@pytest.mark.parametrize("tensor", BAD_GRPC.values(), ids=BAD_GRPC)
def test_bad_grpc_requests_are_refused_in_one_line(server, tensor):
    import grpc
    from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
    from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

    request = pb.ModelInferRequest(model_name=NAME, inputs=[{"name": "panel", "datatype": "FP64", **tensor}])
    with grpc.insecure_channel(f"127.0.0.1:{server.settings.kserve.grpc_port}") as channel:
        with pytest.raises(grpc.RpcError) as refused:
            GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=PATIENCE)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert len(refused.value.details()) <= 400


def spoilt(bundle, how: str):
    if how == "wrong expectation":
        wrong = dict.fromkeys(bundle.expected["probabilities"], 0.25)
        return replace(bundle, expected={**bundle.expected, "probabilities": wrong}, meta=renamed(bundle, "aaaa"))
    if how == "no expectation":
        return replace(bundle, expected={**bundle.expected, "probabilities": {}}, meta=renamed(bundle, "cccc"))
    return replace(bundle, model={"format": 99}, meta=renamed(bundle, "bbbb"))


def renamed(bundle, version: str) -> dict:
    return {**bundle.meta, "model_version": version}


@pytest.mark.parametrize("how", ["wrong expectation", "no expectation", "broken document"])
def test_a_broken_model_is_refused_and_no_request_is_lost(server, bundle, how):
    answered, ended = [], threading.Event()

    def ask() -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while not ended.is_set():
                url = f"{server.url}/v1/models/{NAME}:predict"
                response = client.post(url, json={"instances": [{"as_of": "latest"}]})
                answered.append((response.status_code, response.json()["predictions"][0]["model_version"]))

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    with pytest.raises(DeploymentError, match="refused"):
        LocalDeployer(server.settings).deploy(spoilt(bundle, how))
    before = len(answered)
    wait_until(lambda: len(answered) > before + len(clients))
    ended.set()
    for client in clients:
        client.join()
    assert set(answered) == {(200, bundle.meta["model_version"])}


def test_a_version_that_is_a_path_is_refused(server, bundle):
    with pytest.raises(Exception, match="is no version of a bundle"):
        LocalDeployer(server.settings).deploy(replace(bundle, meta=renamed(bundle, "../../x")))
    assert not list(server.settings.home.parent.glob("x*"))


def connection(server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.settings.kserve.port), timeout=PATIENCE)


def raw(server, *parts: bytes) -> bytes:
    """What the server says to bytes, until it closes; a reset while it is still being written to is no answer."""
    with connection(server) as opened:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                opened.sendall(part)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while chunk := opened.recv(65_536):
                answer += chunk
        return answer


def health_within(server, seconds: float) -> None:
    """By the clock of the thread that answers, which stands still while a busy machine pauses it."""
    worker = server.serving()
    before = spent(worker)
    assert httpx.get(f"{server.url}/v2/health/live", timeout=PATIENCE).status_code == 200
    assert spent(worker) - before < seconds


def spent(worker: psutil.Process) -> float:
    """CPU seconds of the worker's first thread, which has the event loop."""
    [loop] = [thread for thread in worker.threads() if thread.id == worker.pid]
    return loop.user_time + loop.system_time


def memory(server) -> int:
    return max(worker.memory_info().rss for worker in server.workers())


PREDICT = f"POST /v1/models/{NAME}:predict HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n".encode()
CHUNK = b"x" * 65_536
WORST = {
    "200 MB of headers": [b"GET / HTTP/1.1\r\n", b"a: ", *[CHUNK] * 3_000],
    "many headers": [b"GET / HTTP/1.1\r\n", *[b"a: b\r\n" * 10_000] * 100],
    "a long address": [b"GET /", *[CHUNK] * 1_000],
    "200 MB of body": [PREDICT, b"content-length: 200000000\r\n\r\n", *[CHUNK] * 3_000],
    "a body without end": [PREDICT, b"transfer-encoding: chunked\r\n\r\n", *[b"10000\r\n" + CHUNK + b"\r\n"] * 3_000],
    "trailers without end": [PREDICT, b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\na: ", *[CHUNK] * 3_000],
    "a number without end": [PREDICT, b"content-length: 3900000\r\n\r\n", b'{"instances": [[[' + b"9" * 3_899_983],
    "a million lists": [PREDICT, b"content-length: 3000016\r\n\r\n", b'{"instances": [' + b"[]," * 1_000_000 + b"]"],
    "many one-row windows": [
        PREDICT,
        b"content-length: 3900017\r\n\r\n",
        b'{"instances": [' + b"[[0,0,0,0,0,0,0,0,0,0]]," * 162_500 + b"0]",
    ],
    "many latest": [
        PREDICT,
        b"content-length: 3800017\r\n\r\n",
        b'{"instances": [' + b'{"as_of":"latest"},' * 200_000 + b"0]",
    ],
    "requests without waiting": [b"GET /v2/health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" * 100_000],
}


@pytest.mark.parametrize("parts", WORST.values(), ids=WORST)
def test_the_worst_request_costs_little_and_health_answers(server, parts):
    before = memory(server)
    answers = []
    sender = threading.Thread(target=lambda: answers.append(raw(server, *parts)))
    sender.start()
    while sender.is_alive():
        health_within(server, 2)
        sender.join(0.05)
    assert memory(server) - before < 100 * MIB
    if answers[0] and b"live" not in answers[0]:
        assert answers[0].split(b" ")[1] in (b"400", b"413", b"431")
    assert server.latest().status_code == 200


V2_WORST = {
    "inputs": {"inputs": [{"name": "panel", "datatype": "FP64", "shape": [1, 1], "data": [0]}] * 50_000},
    "outputs": {
        "inputs": [{"name": "as_of", "datatype": "BYTES", "shape": [1], "data": ["latest"]}],
        "outputs": [{"name": "label"}] * 100_000,
    },
    "words": {"inputs": [{"name": "as_of", "datatype": "BYTES", "shape": [200_000], "data": ["latest"] * 200_000}]},
    "a size": {"inputs": [{"name": "panel", "datatype": "FP64", "shape": [2**62, 10], "data": []}]},
}


@pytest.mark.parametrize("document", V2_WORST.values(), ids=V2_WORST)
def test_the_worst_v2_request_is_refused(server, document):
    before = memory(server)
    response = httpx.post(f"{server.url}/v2/models/{NAME}/infer", content=json.dumps(document), timeout=PATIENCE)
    assert response.status_code in (400, 413)
    assert len(response.content) < 1000
    assert memory(server) - before < 100 * MIB


@pytest.fixture(scope="module")
def impatient(tmp_path_factory, bundle):
    """A server that waits one second for a body."""
    settings = settings_in(tmp_path_factory.mktemp("home"))
    settings = settings.model_copy(update={"kserve": settings.kserve.model_copy(update={"body_seconds": 1.0})})
    server = Server(settings, start(settings))
    LocalDeployer(settings).deploy(bundle)
    yield server
    server.stop()


def test_a_thousand_slow_clients_are_let_go_and_health_answers(impatient):
    before, worker = memory(impatient), impatient.serving()
    opened = [connection(impatient) for _ in range(1_000)]
    for number, client in enumerate(opened):
        with contextlib.suppress(ConnectionError):  # let go already
            client.sendall(PREDICT + (b"content-length: 1000000\r\n\r\n" + b"x" * 30_000 if number % 2 else b""))
    health_within(impatient, 1)
    wait_until(lambda: impatient.latest().status_code == 200)  # its body, too, may be late on a busy machine
    wait_until(lambda: _connections(worker) < 10)
    assert memory(impatient) - before < 100 * MIB
    for client in opened:
        client.close()
    assert len(impatient.log.splitlines()) < 20


def _connections(worker: psutil.Process) -> int:
    return sum(each.status == psutil.CONN_ESTABLISHED for each in worker.connections("tcp"))


def test_aborted_uploads_leave_no_line_in_the_log(impatient):
    before = impatient.log
    for _ in range(200):
        with connection(impatient) as client:
            client.sendall(PREDICT + b"content-length: 1000000\r\n\r\n" + b"x" * 1000)
    wait_until(lambda: impatient.latest().status_code == 200)
    assert impatient.log == before


def test_a_slow_body_is_told_so(impatient):
    client = http.client.HTTPConnection("127.0.0.1", impatient.settings.kserve.port, timeout=PATIENCE)
    client.putrequest("POST", f"/v1/models/{NAME}:predict")
    client.putheader("content-length", "1000")
    client.endheaders(b"x")
    response = client.getresponse()
    assert response.status == 408
    assert "within 1 s" in json.loads(response.read())["error"]


def test_a_full_panel_is_answered_off_the_event_loop(server, bundle):
    whole = [[None if np.isnan(x) else x for x in row] for row in bundle.panel.to_numpy().tolist()]
    with ThreadPoolExecutor(1) as client:
        answering = client.submit(server.v1, {"instances": [whole] * 20})
        while not answering.done():
            health_within(server, 2)
    answer = answering.result().json()["predictions"]
    assert answer[0]["probabilities"] == pytest.approx(bundle.expected["probabilities"], abs=1e-9)
    assert len(answer) == 20


def test_a_killed_server_comes_back_with_its_model_and_all_counts_that_it_has_shown(server, bundle):
    server.latest()
    shown = counted(server)
    server.restart()
    assert server.latest().json()["predictions"][0]["model_version"] == bundle.meta["model_version"]
    assert counted(server) == shown + 1


def counted(server) -> float:
    """Predictions that the server's metrics show, beside the other names that others rely on."""
    text = httpx.get(f"{server.url}/metrics", timeout=PATIENCE).raise_for_status().text
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


def test_a_page_of_another_origin_is_refused(server):
    for path in (f"/v1/models/{NAME}:predict", f"/v2/models/{NAME}/infer"):
        foreign = {"origin": "https://evil.example"}
        response = httpx.post(f"{server.url}{path}", content=b"{}", headers=foreign, timeout=PATIENCE)
        assert response.status_code == 403


def test_a_disk_that_takes_nothing_more_does_not_end_what_serves(tmp_path_factory, bundle):
    settings = settings_in(tmp_path_factory.mktemp("home"))
    server = Server(settings, start(settings))
    try:
        LocalDeployer(settings).deploy(bundle)
        for worker in server.workers():
            worker.rlimit(psutil.RLIMIT_FSIZE, (0, 0))  # as a full disk does, every write fails
        for _ in range(20):
            assert server.latest().status_code == 200
        assert httpx.get(f"{server.url}/metrics", timeout=PATIENCE).status_code == 200
        with pytest.raises(DeploymentError, match="refused commit"):
            LocalDeployer(settings).deploy(replace(bundle, meta={**bundle.meta, "note": "another"}))
        assert server.latest().status_code == 200
    finally:
        server.stop()


def test_a_newer_model_takes_over(server):
    newer = bundle_as_of("2008-06-01")
    deployment = LocalDeployer(server.settings).deploy(newer)
    assert deployment.model_version == newer.meta["model_version"]
    assert server.latest().json()["predictions"][0]["as_of"] == "2008-06-30"
