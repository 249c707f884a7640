"""Whether each service answers at its door."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
from prometheus_client.core import Metric

from macro_cycle.monitoring.collectors.collector import gauges

ANSWER_SECONDS = 2.0


class ServiceCollector:
    """`checks` says of each service whether it answers now; one that raises does not."""

    name = "services"

    def __init__(self, checks: Mapping[str, Callable[[], bool]]) -> None:
        self._checks = dict(checks)

    def metrics(self) -> Iterator[Metric]:
        """1 or 0 for each service, all asked at the same time."""
        with ThreadPoolExecutor(len(self._checks)) as pool:
            found = dict(zip(self._checks, pool.map(_holds, self._checks.values()), strict=True))
        values = {(service,): float(answers) for service, answers in found.items()}
        yield gauges("macro_cycle_service_up", "Whether the service answers", ["service"], values)


def answers(url: str) -> Callable[[], bool]:
    """A check that a GET of `url` is answered below 500."""
    return lambda: httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False).status_code < 500


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever keeps it from answering, it does not
        return False
