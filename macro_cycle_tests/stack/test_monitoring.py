"""An outage of each part is seen: the service is stopped, Prometheus finds out, Alertmanager shows the alert."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from macro_cycle.platform.settings import Settings
from macro_cycle.stack.monitoring import USER, monitoring_services
from macro_cycle.stack.supervision import program, supervisor_api
from macro_cycle_tests.ops.prometheus import Prometheus
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.stack.running import MODEL, Stack

pytestmark = pytest.mark.slow


class Watched:
    """A stack that is watched, by rules that wait for three looks: how long each truly waits is promtool's to test.

    An outage must show at each of them; the rules hurry once the start of the stack, an outage too, has been left.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack, self.settings = stack, Settings(home=stack.home)
        self._login = (USER, (stack.home / "monitoring" / "password").read_text())
        wait_until(self._all_were_seen_up)
        for name, patterns in {
            "prometheus.yml": {
                "evaluation_interval: 15s": "evaluation_interval: 1s",
                "scrape_interval: 15s": "scrape_interval: 10s",
            },
            "alerts.yml": {r"for: \w+": "for: 25s"},
            "rules.yml": {},
        }.items():
            file = stack.home / "monitoring" / name
            text = file.read_text()
            for pattern, instead in patterns.items():
                text = re.sub(pattern, instead, text)
            file.write_text(text)
        os.kill(stack.pids()["prometheus"], signal.SIGHUP)

    def stop(self, service: str) -> None:
        supervisor_api(self.settings).stopProcess(program(service), True)

    def alerts(self) -> set[tuple[str, str]]:
        """Name of each alert and the service, collector or model that it is about."""
        url = f"{self.stack.url('alertmanager')}/api/v2/alerts"
        alerts = httpx.get(url, auth=self._login, timeout=PATIENCE).raise_for_status().json()
        return {(a["labels"]["alertname"], _subject(a["labels"])) for a in alerts}

    def sees(self, *expected: tuple[str, str]) -> None:
        wait_until(lambda: set(expected) <= self.alerts(), f"not all of {expected} were seen")

    def _all_were_seen_up(self) -> bool:
        prometheus = Prometheus(self.stack.url("prometheus"), self._login)
        return prometheus.query("min(macro_cycle_service_up) == 1") != []


def _subject(labels: dict[str, str]) -> str:
    return next((labels[name] for name in ("service", "collector", "model_name") if name in labels), "")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    if len(monitoring_services(Settings(home=Path("/nowhere")))) < 2:
        pytest.skip("needs Prometheus and Alertmanager (Debian: prometheus, prometheus-alertmanager)")
    nothing_by_itself = {"MACRO_CYCLE_DAGSTER__POLL_SECONDS": "3600"}
    stack = Stack.in_home(tmp_path_factory.mktemp("watched") / "home", **nothing_by_itself)
    try:
        stack.cli("up", "--monitoring")
        yield Watched(stack)
    finally:
        stack.cli("down")


@pytest.fixture(scope="module")
def daemon_stopped(watched: Watched) -> None:
    """The daemon's last beat grows old while the tests look at other things."""
    watched.stop("dagster-daemon")


def test_while_all_is_up_no_service_is_said_to_be_down(watched):
    watched.sees(("MacroCycleNothingServes", "model-server"))
    outages = {"MacroCycleServiceDown", "MacroCycleExporterDown"}
    assert {alert for alert in watched.alerts() if alert[0] in outages} == set()
    assert {service["name"] for service in watched.stack.answer("status")} >= {"prometheus", "alertmanager"}


@pytest.mark.usefixtures("daemon_stopped")
def test_requests_that_fail_or_are_refused_are_seen(watched):
    url = f"{watched.stack.url('model-server')}/v1/models/{MODEL}:predict"
    bodies = ("{", '{"instances": [[1]]}') * 20
    statuses = {httpx.post(url, content=body, timeout=PATIENCE).status_code for body in bodies}
    assert min(statuses) >= 400
    watched.sees(("MacroCyclePredictionErrors", MODEL), ("MacroCyclePredictionFailures", MODEL))


@pytest.mark.usefixtures("daemon_stopped")
def test_each_service_that_is_stopped_is_missed(watched):
    doors = ("mlflow", "dagster-code", "dagster-webserver", "model-server")
    for service in doors:
        watched.stop(service)
    watched.sees(*(("MacroCycleServiceDown", service) for service in doors))
    watched.sees(("MacroCycleServiceDown", "dagster-daemon"))
    assert ("MacroCycleNothingServes", "model-server") not in watched.alerts()
    watched.stop("postgres")
    watched.sees(("MacroCycleServiceDown", "postgres"), ("MacroCycleExporterBlind", "us/answer"))
    watched.stop("exporter")
    watched.sees(("MacroCycleExporterDown", ""))
