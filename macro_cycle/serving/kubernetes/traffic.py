"""Whether a canary may have more traffic: its error ratio and its latency, as Prometheus measured them."""

import math
import time
from dataclasses import dataclass

import httpx

from macro_cycle.serving.deployers import DeploymentError

ANSWERED = 'sum(increase(hmm_predictions_total{{pod=~"{pods}.*"}}[{window}]))'
REFUSED = 'sum(increase(hmm_prediction_errors_total{{pod=~"{pods}.*"}}[{window}]))'
P99 = 'histogram_quantile(0.99, sum by (le) (rate(hmm_prediction_latency_seconds_bucket{{pod=~"{pods}.*"}}[{window}])))'


@dataclass(frozen=True)
class TrafficGate:
    """Lets a canary pass a step when its pods answered enough requests, well enough and soon enough.

    The metrics must bear the label `pod`, as Prometheus' service discovery for Kubernetes gives it.
    """

    prometheus_url: str
    max_error_ratio: float = 0.01
    max_p99_seconds: float = 0.25
    min_requests: float = 1.0
    window: str = "2m"
    patience_seconds: float = 300.0
    poll_seconds: float = 5.0

    def check(self, pods: str) -> None:
        """Wait until the pods whose names begin with `pods` have answered enough, then judge them.

        Raises:
            DeploymentError: too many errors, too slow, too few requests within the patience, or no Prometheus.
        """
        answered, refused = self._requests(pods)
        if refused / (answered + refused) > self.max_error_ratio:
            ratio = refused / (answered + refused)
            raise DeploymentError(f"{pods} failed {ratio:.1%} of its requests; {self.max_error_ratio:.1%} are allowed")
        slow = self._value(P99, pods, time.time())
        if slow > self.max_p99_seconds:
            raise DeploymentError(f"{pods} takes {slow:.3f} s at the 99th percentile, not {self.max_p99_seconds} s")

    def _requests(self, pods: str) -> tuple[float, float]:
        deadline = time.monotonic() + self.patience_seconds
        while True:
            now = time.time()  # both at one moment, or they would not be of the same requests
            answered, refused = self._value(ANSWERED, pods, now), self._value(REFUSED, pods, now)
            if answered + refused >= self.min_requests:
                return answered, refused
            if time.monotonic() > deadline:
                raise DeploymentError(
                    f"Prometheus saw {answered + refused:.0f} requests of {pods} in {self.patience_seconds:.0f} s; "
                    "are its pods scraped?"
                )
            time.sleep(self.poll_seconds)

    def _value(self, query: str, pods: str, at: float) -> float:
        asked = {"query": query.format(pods=pods, window=self.window), "time": f"{at:.3f}"}
        try:
            response = httpx.get(f"{self.prometheus_url}/api/v1/query", params=asked, timeout=10)
            response.raise_for_status()
            result = response.json()["data"]["result"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise DeploymentError(f"{self.prometheus_url} does not answer ({type(error).__name__})") from None
        value = float(result[0]["value"][1]) if result else 0.0
        return 0.0 if math.isnan(value) else value
