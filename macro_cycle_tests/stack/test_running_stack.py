"""From nothing to a served answer; a second run does nothing; what dies comes back with what it knew."""

import os
import shutil
import signal
import socket
import subprocess
from contextlib import suppress

import httpx
import pandas as pd
import psutil
import pytest

from macro_cycle.stack.orphans import orphans
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.stack.running import MODEL, PORTS, Stack

pytestmark = pytest.mark.slow


def test_the_first_run_trains_and_serves(stack, first_run):
    assert first_run["retrained"] is True
    assert sum(first_run["probabilities"].values()) == pytest.approx(1)
    assert stack.predict()["probabilities"] == first_run["probabilities"]


def test_endpoint_and_export_agree_on_both_protocols(stack, first_run, tmp_path):
    out = tmp_path / "regimes.parquet"
    stack.cli("export", "regimes", "--out", str(out))
    newest = pd.read_parquet(out).iloc[-1]
    stored = {label: newest[f"filtered_{label}"] for label in first_run["probabilities"]}
    assert stack.predict()["probabilities"] == stored
    request = {"inputs": [{"name": "as_of", "shape": [1], "datatype": "BYTES", "data": ["latest"]}]}
    response = httpx.post(f"{stack.url('model-server')}/v2/models/{MODEL}/infer", json=request, timeout=PATIENCE)
    outputs = {output["name"]: output["data"] for output in response.json()["outputs"]}
    assert dict(zip(outputs["labels"], outputs["probabilities"], strict=True)) == stored


def test_a_second_run_retrains_nothing_and_says_so(stack, first_run):
    again = stack.answer("run")
    assert again["retrained"] is False
    assert [each["retrained"] for each in again["others"]] == [False]
    assert _but_for_training(again) == _but_for_training(first_run)


def _but_for_training(answer: dict) -> dict:
    """Without who trained: the daemon may have been faster than the first run."""
    others = [{**each, "retrained": None} for each in answer["others"]]
    return {**answer, "retrained": None, "others": others}


def test_a_service_on_request_is_no_part_of_the_stack_until_then(tmp_path):
    status = Stack.in_home(tmp_path / "home").status()
    assert "feature-server" not in status.stdout


def test_up_leaves_a_running_stack_alone(stack):
    before = stack.pids()
    stack.cli("up")
    assert stack.pids() == before


def test_the_contract_s_metrics_are_fed(stack, first_run):
    stack.predict()
    names = (
        f'hmm_predictions_total{{cycle="us",model_name="{MODEL}",regime="{first_run["label"]}"}}',
        f'hmm_prediction_latency_seconds_count{{cycle="us",model_name="{MODEL}",protocol="v1"}}',
        f'hmm_prediction_errors_total{{cycle="us",error_type="failed",model_name="{MODEL}"}}',
        *(f'hmm_model_{figure}{{cycle="us",model_name="{MODEL}"}}' for figure in ("log_likelihood", "aic", "bic")),
        f'hmm_regime_distribution{{cycle="us",model_name="{MODEL}",regime="{first_run["label"]}"}}',
        f'hmm_feature_count{{cycle="us",model_name="{MODEL}"}}',
    )
    wait_until(lambda: {name for name in names if name in stack.metrics()} == set(names))


def test_the_server_s_own_metrics_and_the_exporter_s_agree(stack, first_run):
    httpx.post(f"{stack.url('model-server')}/v1/models/{MODEL}:predict", content="{", timeout=PATIENCE)

    def counted() -> set[str]:
        own = httpx.get(f"{stack.url('model-server')}/metrics", timeout=PATIENCE).text
        return {line for line in own.splitlines() if line.startswith(("hmm_", "macro_cycle_requests"))}

    assert len(counted()) > 30
    wait_until(lambda: counted() <= set(stack.metrics().splitlines()))  # a run may ask the server in between


def test_the_exposition_is_clean_but_for_a_name_of_old(stack, first_run):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=stack.metrics(), capture_output=True, text=True, check=False
    )
    said = [line for line in (checked.stdout + checked.stderr).splitlines() if line]
    assert [line for line in said if not line.startswith("hmm_feature_count ")] == []


def test_a_database_that_dies_under_a_run_fails_no_step_of_it(stack, first_run):
    open_month = pd.Period(first_run["as_of"][:7])  # months before it are not settled: the evaluation stays as it is
    backfill = stack.start("backfill", "--from", str(open_month - 7), "--to", str(open_month - 5))
    run = stack.run_of_months(backfill)
    os.kill(int((stack.home / "postgres" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    assert backfill.wait(PATIENCE) == 0
    wait_until(stack.recovered)
    assert stack.run_status(run) == "SUCCESS"


def test_a_command_waits_for_a_service_that_is_busy(stack, first_run):
    month, webserver = first_run["as_of"][:7], psutil.Process(stack.pids()["dagster-webserver"])
    webserver.suspend()
    backfill = stack.start("backfill", "--from", month, "--to", month, stderr=subprocess.PIPE)
    assert b"waiting for dagster-webserver" in backfill.stderr.readline()
    webserver.resume()
    backfill.communicate()
    assert backfill.returncode == 0


def test_killed_services_and_a_run_among_them_come_back_with_what_they_knew(stack, first_run):
    open_month = pd.Period(first_run["as_of"][:7])
    backfill = stack.start("backfill", "--from", str(open_month - 4), "--to", str(open_month - 2))
    stack.run_of_months(backfill)

    killed = [stack.pids()[service] for service in ("model-server", "exporter", "mlflow", "dagster-code")]
    killed.append(int((stack.home / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    at_work = psutil.Process(stack.pids()["dagster-code"]).children(recursive=True)
    for pid in (*(process.pid for process in at_work), *killed):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(psutil.pid_exists, killed)) and stack.recovered())

    assert backfill.wait(PATIENCE) == 0
    assert stack.predict()["probabilities"] == first_run["probabilities"]
    wait_until(lambda: f'hmm_model_log_likelihood{{cycle="us",model_name="{MODEL}"}}' in stack.metrics())
    assert stack.answer("run")["retrained"] is False


def test_a_taken_port_is_one_clear_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = Stack.in_home(tmp_path / "home", MACRO_CYCLE_MLFLOW__PORT=str(port))
        refused = other.cli("up", succeeds=False)
    assert refused.returncode == 1
    assert f"port {port} for mlflow is taken by another program" in refused.stderr
    assert "MACRO_CYCLE_MLFLOW__PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_terminated_rehearsal_leaves_nothing_running(tmp_path):
    home = tmp_path / "home"
    rehearsal = Stack.in_home(home).start("rehearse", "--from", "2008-01", "--home", str(home))
    wait_until(lambda: orphans(home))
    rehearsal.terminate()
    assert rehearsal.wait(PATIENCE) == 128 + signal.SIGTERM
    assert orphans(home) == []
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_the_feature_server_starts_on_request_and_answers_what_is_served(stack, first_run):
    stack.cli("up", "--feature-server")
    asked = {"features": ["regime_probabilities:recession_probability"], "entities": {"economy": ["US"]}}
    url = f"{stack.url('feature-server')}/get-online-features"
    response = httpx.post(url, json=asked, timeout=PATIENCE).raise_for_status().json()
    values = {
        name: result["values"]
        for name, result in zip(response["metadata"]["feature_names"], response["results"], strict=True)
    }
    assert values["recession_probability"] == [first_run["recession_probability"]]


def test_every_service_listens_on_loopback_alone(stack):
    stack.cli("up", "--feature-server")
    services = [psutil.Process(pid) for pid in stack.pids().values()]
    pids = {process.pid for service in services for process in [service, *service.children(recursive=True)]}
    listening = [c for c in psutil.net_connections("inet") if c.pid in pids and c.status == psutil.CONN_LISTEN]
    assert {c.laddr.port for c in listening} >= {stack.port(name) for name in PORTS}
    assert {c.laddr.ip for c in listening} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_train_logs_to_the_mlflow_that_is_named(stack):
    answer = stack.answer(
        *("train", "--series-ids", "GDPC1", "UNRATE", "CPIAUCSL", "--start-date", "2000-01-01"),
        *("--n-regimes", "4", "--mlflow-tracking-uri", stack.url("mlflow")),
    )
    run_id = answer["mlflow"]["run_id"]
    found = httpx.get(f"{stack.url('mlflow')}/api/2.0/mlflow/runs/get", params={"run_id": run_id}, timeout=PATIENCE)
    metrics = {metric["key"]: metric["value"] for metric in found.json()["run"]["data"]["metrics"]}
    assert metrics["log_likelihood"] == pytest.approx(answer["metrics"]["log_likelihood"])
