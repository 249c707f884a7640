"""`python -m macro_cycle.monitoring.exporter` answers Prometheus with what is on record at that moment."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.collectors.collector import RecordCollector, gauges
from macro_cycle.platform.addresses import EXPORTER, address, base_url
from macro_cycle.platform.origins import App, Message, Receive, SameOrigin, Send, allowed_hosts, respond
from macro_cycle.platform.settings import read_settings

BUDGET_SECONDS = 8.0  # Prometheus gives a scrape ten


class Exporter(Collector):
    """Asks every collector at the same time; one that fails or takes too long is said to be down and shows nothing."""

    def __init__(self, collectors: Sequence[RecordCollector], budget: float = BUDGET_SECONDS) -> None:
        self._collectors, self._budget = list(collectors), budget
        self._pool = ThreadPoolExecutor(max(1, len(self._collectors)), "collector")
        self._asked: dict[str, Future[list[Metric]]] = {}
        self._said: dict[str, str] = {}

    def collect(self) -> Iterator[Metric]:
        """What all found, and which of them could look."""
        deadline = time.monotonic() + self._budget
        for collector in self._collectors:
            if collector.name not in self._hanging():  # it is not asked again on top
                self._asked[collector.name] = self._pool.submit(_all, collector)
        up: dict[tuple[str, ...], float] = {}
        families: dict[str, Metric] = {}
        for name, asked in self._asked.items():
            found = self._found(name, asked, deadline)
            up[name,] = float(found is not None)
            for family in found or ():  # collectors of several cycles find parts of one
                families.setdefault(family.name, _empty(family)).samples.extend(family.samples)
        yield from families.values()
        yield gauges("macro_cycle_collector_up", "Whether the exporter could look there", ["collector"], up)

    def _hanging(self) -> set[str]:
        return {name for name, asked in self._asked.items() if not asked.done()}

    def _found(self, name: str, asked: "Future[list[Metric]]", deadline: float) -> list[Metric] | None:
        try:
            found = asked.result(max(0.0, deadline - time.monotonic()))
        except TooLate:
            self._say(name, f"took more than {self._budget:.0f} s")
            return None
        except Exception as error:  # whatever it is, the others are shown
            self._say(name, type(error).__name__)
            return None
        self._said.pop(name, None)
        return found

    def _say(self, name: str, why: str) -> None:
        """Log a failure once, until the collector works again; never its text, which may name an address."""
        if self._said.get(name) != why:
            print(f"collector {name}: {why}", flush=True)
            self._said[name] = why


def _empty(family: Metric) -> Metric:
    """The family without its samples."""
    return Metric(family.name, family.documentation, family.type, family.unit)


def _all(collector: RecordCollector) -> list[Metric]:
    return list(collector.metrics())


def metrics_app(exporter: Exporter) -> App:
    """`/metrics`, asked from the exporter anew, and `/-/healthy`, answered without looking anywhere."""
    registry = CollectorRegistry()
    registry.register(exporter)

    async def app(scope: Message, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/metrics":
            encode, content_type = choose_encoder(dict(scope["headers"]).get(b"accept", b"").decode("latin-1"))
            body = await asyncio.to_thread(encode, registry)
            headers = [(b"content-type", content_type.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await respond(send, *((200, "healthy") if scope["path"] == "/-/healthy" else (404, "see /metrics")))

    return app


def main() -> None:
    """Serve until a signal asks to end."""
    from macro_cycle.monitoring.wiring import collectors

    settings = read_settings()
    host, port = address(settings, EXPORTER)
    app = SameOrigin(metrics_app(Exporter(collectors(settings))), allowed_hosts(settings, host))
    print(f"metrics at {base_url(settings, EXPORTER)}/metrics", flush=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    try:
        main()
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
