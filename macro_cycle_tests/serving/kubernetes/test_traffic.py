"""A canary passes the gate on what a real Prometheus measured of its own pods, and on nothing else."""

import pytest

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.kubernetes import TrafficGate
from macro_cycle_tests.ops.prometheus import prometheus_of

pytestmark = pytest.mark.slow

BUCKETS = (0.01, 0.1, 1.0)


def pod(name: str, scrape: int, failing: float, seconds: float) -> str:
    """What a pod has counted at a scrape: ten requests more each time, `failing` of them, each taking `seconds`."""
    answered, failed = 10 * scrape * (1 - failing), 10 * scrape * failing
    lines = [
        f'hmm_predictions_total{{pod="{name}"}} {answered}',
        f'hmm_prediction_errors_total{{pod="{name}"}} {failed}',
    ]
    lines += [
        f'hmm_prediction_latency_seconds_bucket{{pod="{name}",le="{bound}"}} {answered * (seconds <= bound)}'
        for bound in BUCKETS
    ]
    return "\n".join([*lines, f'hmm_prediction_latency_seconds_bucket{{pod="{name}",le="+Inf"}} {answered}', ""])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    scrapes = iter(range(1, 10_000))

    def exposition() -> str:
        scrape = next(scrapes)
        pods = {"good-v2-1": (0.0, 0.005), "failing-v2-1": (0.5, 0.005), "slow-v2-1": (0.0, 0.9)}
        return "".join(pod(name, scrape, *how) for name, how in pods.items())

    with prometheus_of(exposition, tmp_path_factory.mktemp("prometheus")) as running:
        running.wait_for('increase(hmm_predictions_total{pod="slow-v2-1"}[1m]) > 0')
        yield running


def gate(prometheus, **chosen: float) -> TrafficGate:
    return TrafficGate(prometheus.url, window="1m", **{"patience_seconds": 0.0, "poll_seconds": 0.0, **chosen})


def test_a_canary_that_answers_well_passes(prometheus):
    gate(prometheus).check("good-v2")


def test_a_canary_that_fails_requests_does_not_pass(prometheus):
    with pytest.raises(DeploymentError, match=r"failed 50\.0% of its requests"):
        gate(prometheus).check("failing-v2")


def test_a_slow_canary_does_not_pass(prometheus):
    with pytest.raises(DeploymentError, match="at the 99th percentile"):
        gate(prometheus).check("slow-v2")


def test_a_canary_that_nobody_asked_does_not_pass(prometheus):
    with pytest.raises(DeploymentError, match=r"saw 0 requests of other-v2 .* are its pods scraped\?"):
        gate(prometheus).check("other-v2")


def test_no_prometheus_is_one_line():
    with pytest.raises(DeploymentError, match=r"does not answer \(ConnectError\)$"):
        TrafficGate("http://127.0.0.1:1").check("good-v2")
