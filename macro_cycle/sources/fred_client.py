"""Asking a FRED server: at one pace, with bounded patience, and with a key that is nowhere but on the wire."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from macro_cycle.sources.base import SourceError

REQUESTS_PER_SECOND = 2.0
BUSY = 429
ADVICE = {
    "api_key": "set MACRO_CYCLE_FRED_API_KEY to a key of your own",
    "does not exist in ALFRED": "its history is not kept there; read it from a mirror, or leave it out",
    "does not exist": "correct its id; FRED's pages list them",
}


@dataclass(frozen=True)
class Patience:
    """How long to wait for an answer, and how often and how far apart to ask again (seconds)."""

    timeout: float = 30.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0


HURRIED = Patience(timeout=3.0, attempts=2, first_wait=0.5, longest_wait=1.0)
"""For who has seconds, such as a sensor."""


class RateLimiter:
    """Hands out moments at a steady pace, to all threads that share it."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._next, self._lock = clock(), threading.Lock()

    def wait(self) -> None:
        """Return when the caller's turn has come."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)


@cache
def shared_limiter(base_url: str) -> RateLimiter:
    """The one limiter of this process for a server."""
    return RateLimiter(REQUESTS_PER_SECOND)


class FredClient:
    """Reads JSON from a server that speaks FRED's protocol.

    Asks again, later and later, on 429, 5xx, time-outs and connections that broke, which harm no reading.

    Raises:
        SourceError: the address is not one; on use, the server refuses, or does not answer as it should.
    """

    def __init__(
        self,
        key: SecretStr,
        base_url: str,
        limiter: RateLimiter | None = None,
        patience: Patience = Patience(),
    ) -> None:
        self._key, self._patience = key, patience
        self._limiter = limiter or shared_limiter(base_url)
        url = _address(base_url)
        self._http = httpx.Client(base_url=url, transport=_KeyedTransport(key, url), timeout=patience.timeout)

    def get(self, endpoint: str, **parameters: str | int) -> dict[str, Any]:
        """The document that the endpoint answers."""
        outcome = self._retrying()(self._ask, endpoint, parameters)
        if outcome.document is None:
            asked = f"{endpoint} {parameters.get('series_id', '')}".strip()
            raise SourceError(f"FRED ({asked}): {outcome.fault}".replace(self._key.get_secret_value(), "***"))
        return outcome.document

    def pages(self, endpoint: str, field: str, limit: int, **parameters: str | int) -> list[Any]:
        """All entries of a list that the endpoint answers in pages of `limit`."""
        entries: list[Any] = []
        count = None
        while count is None or len(entries) < count:
            page = self.get(endpoint, limit=limit, offset=len(entries), **parameters)
            found, total = page.get(field), page.get("count")
            if not isinstance(found, list) or not isinstance(total, int):
                raise SourceError(f"FRED ({endpoint}) answered without {field} or without their count")
            if total != (total if count is None else count) or (not found and total > len(entries)):
                raise SourceError(f"FRED ({endpoint}) changed its {field} while they were read; ask again")
            entries, count = entries + found, total
        return entries

    def _retrying(self) -> Retrying:
        backoff = wait_random_exponential(multiplier=self._patience.first_wait, max=self._patience.longest_wait)

        def wait(state: RetryCallState) -> float:
            asked = state.outcome.result().retry_after if state.outcome else 0.0
            return max(backoff(state), min(asked, self._patience.longest_wait))

        return Retrying(
            retry=retry_if_result(lambda outcome: outcome.transient),
            stop=stop_after_attempt(self._patience.attempts),
            wait=wait,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )

    def _ask(self, endpoint: str, parameters: dict[str, str | int]) -> "_Outcome":
        self._limiter.wait()
        try:
            response = self._http.get(endpoint, params=parameters)
        except httpx.TimeoutException:
            return _Outcome(fault=f"no answer within {self._patience.timeout:g} s, asked repeatedly", transient=True)
        except (httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError):
            return _Outcome(fault="the connection broke while it was asked, repeatedly; try later", transient=True)
        except httpx.HTTPError as error:
            return _Outcome(
                fault=f"the connection failed ({type(error).__name__}); is {self._http.base_url.host} right?"
            )
        return _judged(response)


@dataclass(frozen=True)
class _Outcome:
    """What came of one request: a document, or a fault that may pass; no exception, for those keep the request."""

    document: dict[str, Any] | None = None
    fault: str = ""
    transient: bool = False
    retry_after: float = 0.0


def _judged(response: httpx.Response) -> _Outcome:
    status = response.status_code
    try:
        document = response.json()
    except ValueError:
        document = None
    if status == BUSY or status >= 500:
        asked = response.headers.get("retry-after", "")
        wait = float(asked) if asked.isdigit() else 0.0
        return _Outcome(fault=f"answered {status}, asked repeatedly; try later", transient=True, retry_after=wait)
    if status != 200:
        said = str(document.get("error_message", "")) if isinstance(document, dict) else ""
        advice = next((what for part, what in ADVICE.items() if part in said), "see FRED's documentation of its API")
        return _Outcome(fault=f"answered {status}: {' '.join(said.split())} {advice}")
    if not isinstance(document, dict):
        return _Outcome(fault="the answer is not a JSON document; is a proxy between here and FRED?")
    return _Outcome(document)


def _address(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceError("MACRO_CYCLE_FRED_BASE_URL is not a URL; write https://host/fred")
    return url


class _KeyedTransport(httpx.BaseTransport):
    """Adds the key on the wire alone, so that no request, response, error or log record of httpx ever holds it."""

    def __init__(self, key: SecretStr, base_url: httpx.URL) -> None:
        proxy = None if proxy_bypass(base_url.host) else getproxies().get(base_url.scheme)
        self._key, self._wire = key, httpx.HTTPTransport(proxy=proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_merge_params({"api_key": self._key.get_secret_value(), "file_type": "json"})
        return self._wire.handle_request(
            httpx.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        )

    def close(self) -> None:
        self._wire.close()
