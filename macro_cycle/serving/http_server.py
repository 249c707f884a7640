"""uvicorn as this server runs it: within bounds, silent about clients' faults, and handing over when it ends."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from macro_cycle.serving.connections import BoundedProtocol

IDLE_SECONDS = 60


class HttpServer(uvicorn.Server):
    """Serves `app`; calls `stopped_accepting` as soon as it takes no more connections, before it finishes the rest.

    It listens to no signals: who runs it sets `should_exit`.
    """

    def __init__(self, app: Any, grace_seconds: int, stopped_accepting: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=grace_seconds,
            )
        )
        self._stopped_accepting = stopped_accepting

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of uvicorn's own."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, then end those that there are."""
        for listening in self.servers:
            listening.close()
        self._stopped_accepting()
        await super().shutdown(sockets)
