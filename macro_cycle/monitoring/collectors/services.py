"""Whether each service answers at its door."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

import httpx
from prometheus_client.core import Metric

from macro_cycle.monitoring.collectors.collector import gauges

ANSWER_SECONDS = 5.0  # a busy machine is no outage; the exporter waits longer


class ServiceCollector:
    """`checks` says of each service whether it answers now; one that raises, or says nothing in time, does not."""

    name = "services"

    def __init__(self, checks: Mapping[str, Callable[[], bool]], seconds: float = ANSWER_SECONDS) -> None:
        self._checks, self._seconds = dict(checks), seconds
        self._pool = ThreadPoolExecutor(len(self._checks), "check")
        self._asked: dict[str, Future[bool]] = {}

    def metrics(self) -> Iterator[Metric]:
        """1 or 0 for each service, all asked at the same time, none again while it still says nothing."""
        for service, check in self._checks.items():
            if service not in self._asked or self._asked[service].done():
                self._asked[service] = self._pool.submit(_holds, check)
        said, _ = wait(self._asked.values(), self._seconds)
        values = {(service,): float(asked in said and asked.result()) for service, asked in self._asked.items()}
        yield gauges("macro_cycle_service_up", "Whether the service answers", ["service"], values)


def answers(url: str) -> Callable[[], bool]:
    """A check that a GET of `url` is answered below 500."""
    return lambda: httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False).status_code < 500


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever keeps it from answering, it does not
        return False
