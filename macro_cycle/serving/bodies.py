"""Bodies of requests, read within bounds: bytes of one, bytes of all at a time, seconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from macro_cycle.serving.errors import Malformed, Overloaded, TooLarge, TooSlow

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

SMALL = 16_384


class Disconnected(Exception):
    """The client went away before its body had come."""


class Bodies:
    """Reads bodies of at most `limit` bytes within `seconds`; all that are held at a time have at most `together`."""

    def __init__(self, limit: int, together: int, seconds: float) -> None:
        self._limit, self._together, self._seconds = limit, together, seconds
        self._held = 0

    @asynccontextmanager
    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> AsyncIterator[bytes]:
        """The body, accounted for until the block ends.

        Raises:
            TooLarge: it is larger than is taken, announced or not.
            TooSlow: it did not come in time.
            Overloaded: too many large bodies are held at this moment.
            Disconnected: the client went away.
        """
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit():
            raise Malformed("content-length is no number")
        if len(announced) > 15 or int(announced) > self._limit:
            raise self._too_large()
        held = [0]
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    body = await self._whole(receive, held)
            except TimeoutError:
                raise TooSlow(f"the body did not come within {self._seconds:g} s") from None
            yield body
        finally:
            self._held -= held[0]

    async def _whole(self, receive: Receive, held: list[int]) -> bytes:
        """The body; what it takes beyond a small one is added to `held`."""
        parts: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
            if more or len(parts) > 1 or len(parts[0]) > SMALL:
                self._hold(len(parts[-1]), held)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _hold(self, size: int, held: list[int]) -> None:
        if held[0] + size > self._limit:
            raise self._too_large()
        if self._held + size > self._together:
            raise Overloaded("too many large requests are being read; try again in a few seconds")
        held[0] += size
        self._held += size

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than {self._limit} bytes")
