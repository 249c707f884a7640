"""Counting every request for a prediction at the server's door, whatever becomes of it behind."""

import re
import time

from macro_cycle.monitoring.metrics import Outcome, Protocol, ServingMetrics, outcome_of
from macro_cycle.platform.origins import App, Message, Receive, Send

PREDICTION = re.compile(r"/(?P<protocol>v[12])/models/(?P<model>[^/:]+)(?::predict|(?:/versions/[^/]+)?/infer)/?")


class CountRequests:
    """ASGI middleware, to stand before all others: what they refuse is counted too.

    A request that ends without an answer counts as aborted where the client went away, else as failed.
    """

    def __init__(self, app: App, metrics: ServingMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand the request on and count how it ended."""
        asked = PREDICTION.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if asked is None:
            await self._app(scope, receive, send)
            return
        outcome: Outcome = "failed"
        started = time.perf_counter()

        async def watched_receive() -> Message:
            nonlocal outcome
            message = await receive()
            if message["type"] == "http.disconnect" and outcome == "failed":
                outcome = "aborted"
            return message

        async def watched_send(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                outcome = outcome_of(message["status"])
            await send(message)

        try:
            await self._app(scope, watched_receive, watched_send)
        finally:
            protocol: Protocol = "v1" if asked["protocol"] == "v1" else "v2"
            self._metrics.observe_request(asked["model"], protocol, outcome, time.perf_counter() - started)
