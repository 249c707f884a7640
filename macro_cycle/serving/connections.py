"""Connections within bounds: how large a head may be, how long it may take, how many there may be at a time.

uvicorn bounds none of these; bodies are bounded where they are read (`bodies.py`).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 16_384
HEAD_SECONDS = 10.0
FIRST_SECONDS = 5.0
SPARE_BYTES = 65_536
MOST_PIPELINED = 16
MOST_CONNECTIONS = 4_000
REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s"
)
TOO_LARGE = b'{"error":"address and headers are larger than %d bytes"}' % HEAD_BYTES


class TooManyPipelined(Exception):
    """The client asks on without waiting for answers."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is closed once its head is too large or too slow, or its peer reads no answers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._in_head, self._head, self._beside_body = True, 0, 0
        self._timer: asyncio.TimerHandle | None = None
        self._ends = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._disarm()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End the connection once what was asked is answered.

        On one that was taken just before, the first question may be on its way: it is waited for, for a few seconds.
        """
        if self.cycle is not None:
            super().shutdown()
            return
        self._ends = True
        self.loop.call_later(FIRST_SECONDS, self._close_unasked)

    def data_received(self, data: bytes) -> None:
        """Take bytes, but no more of a head, of trailers or of chunks' sizes than a request can need."""
        if self._in_head:
            room = HEAD_BYTES - self._head
            self._head += len(data)
            self._feed(data[:room])
            if self.transport.is_closing():
                return
            if self._in_head and self._head > HEAD_BYTES:
                self._refuse()
                return
            data = data[room:]
        if data:
            self._beside_body += len(data)
            self._feed(data)
            if self._beside_body > SPARE_BYTES:
                self.transport.abort()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise TooManyPipelined
        self._disarm()
        self._in_head, self._head, self._beside_body = False, 0, 0
        super().on_headers_complete()
        if self._ends and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Part of the body; framing may cost up to eight times its bytes."""
        self._beside_body -= 9 * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; what follows is the next one's head."""
        self._in_head, self._beside_body = True, 0
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also where the peer leaves its answers unread."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _close_unasked(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def _feed(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and self._head and self._timer is None and not self.transport.is_closing():
            self._arm()

    def _arm(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_head and (self.cycle is None or self.cycle.response_complete):
            self.transport.abort()

    def _refuse(self) -> None:
        self.transport.write(REFUSAL % (len(TOO_LARGE), TOO_LARGE))
        self.transport.close()
