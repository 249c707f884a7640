"""A server that speaks FRED's protocol over loopback, computing each answer from histories of releases.

It is written from the protocol's description alone: clipping of the realtime bounds, pages, the limits of rows and of
vintages, errors as FRED words them, gzip. A seeded generator makes requests go wrong.
"""

import contextlib
import gzip
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from macro_cycle_tests.sources.worlds import World, alfred_rows

KEY = "abcdefghijklmnopqrstuvwxyz012345"
FOREVER = "9999-12-31"
FAULTS = ("429", "500", "503", "silence", "cut off", "truncated", "html", "schema")


class FredServer(ThreadingHTTPServer):
    """Serves a world; `fault_rate` of the requests meet one of `faults` at random.

    `requests` counts what was asked; `met` which faults were met; `updates` is what series/updates lists; `broken` are
    series that are answered with a page of HTML.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        world: World,
        *,
        most_vintages: int = 2000,
        most_rows: int = 100_000,
        fault_rate: float = 0.0,
        faults: tuple[str, ...] = FAULTS,
        seed: int = 0,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.world, self.most_vintages, self.most_rows = world, most_vintages, most_rows
        self.fault_rate, self.faults, self._random = fault_rate, faults, random.Random(seed)
        self.requests: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.updates: list[dict] = []
        self.broken: set[str] = set()
        self.closing = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL of the endpoints."""
        return f"http://127.0.0.1:{self.server_address[1]}/fred"

    def next_fault(self, endpoint: str) -> str | None:
        """Count the request; the fault that it meets."""
        with self._lock:
            self.requests[endpoint] += 1
            if self._random.random() >= self.fault_rate:
                return None
            fault = self._random.choice(self.faults)
            self.met[fault] += 1
            return fault


@contextlib.contextmanager
def serving(server: FredServer) -> Iterator[FredServer]:
    """The server answering until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class BadRequest(Exception):
    """What FRED answers with 400."""


class _Handler(BaseHTTPRequestHandler):
    server: FredServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        endpoint = url.path.removeprefix("/fred/")
        asked = dict(parse_qsl(url.query))
        fault = "html" if asked.get("series_id") in self.server.broken else self.server.next_fault(endpoint)
        if fault is not None:
            self._go_wrong(fault)
            return
        try:
            self._answer(200, json.dumps(self._document(endpoint, asked)))
        except BadRequest as error:
            self._error(400, f"Bad Request.  {error}")

    def _document(self, endpoint: str, asked: dict[str, str]) -> dict:
        if "api_key" not in asked:
            raise BadRequest("Variable api_key is not set.  Read http://api.stlouisfed.org/docs/ for more information.")
        if asked["api_key"] != KEY:
            raise BadRequest("The value for variable api_key is not registered.")
        if asked.get("file_type", "xml") != "json":
            raise BadRequest("This server knows no XML.")
        if endpoint == "series/updates":
            page = _page(self.server.updates, "seriess", asked, 1000)
            return {"filter_value": asked.get("filter_value", "all"), **page}
        if asked.get("series_id") not in self.server.world:
            raise BadRequest("The series does not exist.")
        if endpoint == "series/vintagedates":
            return self._vintage_dates(asked)
        if endpoint == "series/observations":
            return self._observations(asked)
        raise BadRequest("Unknown endpoint.")

    def _vintage_dates(self, asked: dict[str, str]) -> dict:
        days = self._days(asked["series_id"])
        return {**_page(days, "vintage_dates", asked, 10_000), "order_by": "vintage_date", "sort_order": "asc"}

    def _observations(self, asked: dict[str, str]) -> dict:
        today = date.today().isoformat()
        first, last = asked.get("realtime_start", today), asked.get("realtime_end", today)
        days = self._days(asked["series_id"])
        if not days or last < days[0]:
            raise BadRequest("The series does not exist in ALFRED but may exist in FRED.")
        inside = sum(first <= day <= last for day in days)
        if inside > self.server.most_vintages:
            raise BadRequest(
                f"There are {inside} vintage dates in the specified real-time period: {first} to {last}.  This exceeds "
                f"the maximum number of vintage dates allowed for this file type ({self.server.most_vintages})."
            )
        rows = [
            {"realtime_start": max(start, first), "realtime_end": min(end, last), "date": day, "value": value}
            for series_id, day, value, start, end in alfred_rows({asked["series_id"]: self._history(asked)})
            if start <= last and end >= first
        ]
        page = _page(rows, "observations", asked, self.server.most_rows)
        return {"realtime_start": first, "realtime_end": last, "units": "lin", "output_type": 1, **page}

    def _history(self, asked: dict[str, str]) -> dict:
        return self.server.world[asked["series_id"]]

    def _days(self, series_id: str) -> list[str]:
        return [f"{day:%Y-%m-%d}" for day in sorted(self.server.world[series_id])]

    def _go_wrong(self, fault: str) -> None:
        if fault == "silence":
            self.close_connection = True
            self.server.closing.wait(5)
        elif fault == "cut off":
            self._answer(200, '{"count": 12, "observations": [', promised=5000)
            self.close_connection = True
        elif fault == "truncated":
            self._answer(200, '{"count": 12, "observations": [{"realtime_start": "20')
        elif fault == "html":
            self._answer(200, "<!DOCTYPE html><html><body>Please sign in</body></html>", kind="text/html")
        elif fault == "schema":
            self._answer(200, json.dumps({"count": "many", "observations": {"0": 1}, "vintage_dates": None}))
        else:
            said = {"429": "Too Many Requests.  Exceeded Rate Limit", "500": "Internal Server Error", "503": "Down"}
            self._error(int(fault), said[fault])

    def _error(self, status: int, said: str) -> None:
        self._answer(status, json.dumps({"error_code": status, "error_message": said}))

    def _answer(self, status: int, text: str, kind: str = "application/json", promised: int | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=UTF-8")
        if promised is None and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(promised or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing is logged."""


def _page(entries: list, field: str, asked: dict[str, str], most: int) -> dict:
    limit, offset = int(asked.get("limit", most)), int(asked.get("offset", 0))
    if not 1 <= limit <= most:
        raise BadRequest(f"Variable limit is not between 1 and {most}.")
    return {"count": len(entries), "offset": offset, "limit": limit, field: entries[offset : offset + limit]}
