"""The whole embedded stack in a home and on ports of its own, driven through the command line as a person does."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from macro_cycle.assets.series import RANGE_TAG
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.patience import PATIENCE, wait_until

PORTS = {
    "dagster": "MACRO_CYCLE_DAGSTER__PORT",
    "mlflow": "MACRO_CYCLE_MLFLOW__PORT",
    "model-server": "MACRO_CYCLE_KSERVE__PORT",
    "model-server-grpc": "MACRO_CYCLE_KSERVE__GRPC_PORT",
    "exporter": "MACRO_CYCLE_PROMETHEUS__EXPORTER_PORT",
    "page": "MACRO_CYCLE_PAGE__PORT",
    "feature-server": "MACRO_CYCLE_FEAST__PORT",
}
MONITORING_PORTS = {
    "prometheus": "MACRO_CYCLE_PROMETHEUS__PORT",
    "alertmanager": "MACRO_CYCLE_PROMETHEUS__ALERTMANAGER_PORT",
}
MODEL = "macro-cycle-hmm"
RUN = "runId status tags { key }"


@dataclass(frozen=True)
class Stack:
    """A home, the ports of its services, and what else its processes find in their environment."""

    home: Path
    environment: dict[str, str]

    @classmethod
    def in_home(cls, home: Path, **environment: str) -> "Stack":
        """A stack that has not been started, of one cycle unless asked otherwise."""
        ports = {variable: str(free_port()) for variable in (*PORTS.values(), *MONITORING_PORTS.values())}
        return cls(home, {"MACRO_CYCLE_HOME": str(home), "MACRO_CYCLE_CYCLES": "us", **ports, **environment})

    def port(self, service: str) -> int:
        return int(self.environment[(PORTS | MONITORING_PORTS)[service]])

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.port(service)}"

    def cli(self, *arguments: str, succeeds: bool = True) -> subprocess.CompletedProcess:
        """Run `macro-cycle` with these arguments."""
        program, environment = self._program(*arguments), self._process_environment()
        done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=PATIENCE)
        assert not succeeds or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen:
        """Start `macro-cycle` with these arguments and do not wait for it."""
        return subprocess.Popen(self._program(*arguments), env=self._process_environment(), **options)

    def answer(self, *arguments: str) -> Any:
        """What a command prints with `--json`."""
        return json.loads(self.cli(*arguments, "--json").stdout)

    def pids(self) -> dict[str, int]:
        """Process id of each service."""
        return {service["name"]: service["pid"] for service in json.loads(self.status().stdout)}

    def status(self) -> subprocess.CompletedProcess:
        return self.cli("status", "--json", succeeds=False)

    def predict(self) -> dict[str, Any]:
        """The endpoint's answer for the newest month."""
        url = f"{self.url('model-server')}/v1/models/{MODEL}:predict"
        response = httpx.post(url, json={"instances": [{"as_of": "latest"}]}, timeout=PATIENCE)
        return response.raise_for_status().json()["predictions"][0]

    def metrics(self) -> str:
        return httpx.get(f"{self.url('exporter')}/metrics", timeout=PATIENCE).raise_for_status().text

    def run_of_months(self, backfill: subprocess.Popen) -> str:
        """The id of the run that makes a range of months, once it is being executed."""

        def at_work() -> list[str]:
            assert backfill.poll() is None, "the backfill ended before its run was seen"
            return [run["runId"] for run in self._runs("{statuses: [STARTED]}") if _is_of_a_range(run)]

        return wait_until(at_work)[0]

    def run_status(self, run_id: str) -> str:
        """How a run stands, as Dagster's web server says."""
        [found] = self._runs(f'{{runIds: ["{run_id}"]}}')
        return found["status"]

    def _runs(self, wanted: str) -> list[dict[str, Any]]:
        query = f"{{ runsOrError(filter: {wanted}) {{ ... on Runs {{ results {{ {RUN} }} }} }} }}"
        answer = httpx.post(f"{self.url('dagster')}/graphql", json={"query": query}, timeout=PATIENCE)
        return answer.raise_for_status().json()["data"]["runsOrError"]["results"]

    def recovered(self) -> bool:
        """Whether every service answers."""
        return self.status().returncode == 0

    def _program(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-c", "from macro_cycle.cli import main; main()", *arguments]

    def _process_environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MACRO_CYCLE_", "DAGSTER_"))}
        return {**inherited, **self.environment}


def _is_of_a_range(run: dict[str, Any]) -> bool:
    return RANGE_TAG in {tag["key"] for tag in run["tags"]}
