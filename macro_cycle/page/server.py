"""`python -m macro_cycle.page.server`: the site as it stands, made anew when the record or the day has changed.

It answers GET and HEAD alone and writes nothing. While a new site is made, or the database does not answer, the last
one is shown.
"""

import asyncio
import gzip
import mimetypes
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from macro_cycle.errors import MacroCycleError
from macro_cycle.page.ahead import Foresight
from macro_cycle.page.cycles import Cycles
from macro_cycle.page.reading import contents
from macro_cycle.page.site import POLICY, etag, site
from macro_cycle.platform.addresses import PAGE, address, base_url
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.origins import App, Message, Receive, SameOrigin, Send, allowed_hosts, respond
from macro_cycle.platform.settings import Settings, read_settings

LOOK_SECONDS = 2.0
SECURITY = (
    (b"content-security-policy", f"{POLICY}; frame-ancestors 'self'".encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept-encoding"),
)
READING = ("GET", "HEAD")
Site = Mapping[str, bytes]


@dataclass(frozen=True)
class File:
    """A file of the site with what a browser is told of it."""

    content: bytes
    content_type: str

    @classmethod
    def named(cls, name: str, content: bytes) -> "File":
        """The file of this name."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return cls(content, kind if kind.startswith("image/") else f"{kind}; charset=utf-8")

    @cached_property
    def packed(self) -> bytes:
        """The content as gzip, the same bytes each time."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Of the content as it is."""
        return etag(self.content)


class Standing:
    """The site of the record as it stands. One thread at a time makes a new one; the others show the last."""

    def __init__(
        self, version: Callable[[], Any], make: Callable[[], Site], look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._version, self._make, self._look_seconds = version, make, look_seconds
        self._files: Mapping[str, File] = {}
        self._made_of: Any = None
        self._looked = float("-inf")
        self._making = threading.Lock()

    def files(self) -> Mapping[str, File]:
        """The files by path.

        Raises:
            MacroCycleError: the record cannot be read, and never could.
        """
        fresh = time.monotonic() - self._looked < self._look_seconds
        if not fresh and self._making.acquire(blocking=not self._files):
            try:
                self._look()
            finally:
                self._making.release()
        return self._files

    def _look(self) -> None:
        try:
            version = self._version()
            if version != self._made_of:
                self._files = {name: File.named(name, content) for name, content in self._make().items()}
                self._made_of = version
        except (MacroCycleError, SQLAlchemyError) as error:
            print(f"the record cannot be read: {type(error).__name__}", flush=True)
            if not self._files:
                raise MacroCycleError("the record cannot be read; `macro-cycle status` says what is down") from None
        self._looked = time.monotonic()


def page_app(standing: Standing) -> App:
    """The files of the site by their paths, a folder by its index; `/-/healthy` without looking anywhere."""

    async def app(scope: Message, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix("/")
        if scope["method"] not in READING:
            await respond(send, 405, "this page is only read")
        elif path == "-/healthy":
            await respond(send, 200, "healthy")
        else:
            await _show(standing, path, scope, send)

    return app


async def _show(standing: Standing, path: str, scope: Message, send: Send) -> None:
    try:
        files = await asyncio.to_thread(standing.files)
    except MacroCycleError as error:
        await respond(send, 503, str(error))
        return
    file = files.get(f"{path}index.html" if path.endswith("/") or not path else path)
    if file is not None:
        await _send(file, scope, send)
    elif f"{path}/index.html" in files:
        moved = [(b"location", f"/{path}/".encode()), *SECURITY]
        await send({"type": "http.response.start", "status": 308, "headers": moved})
        await send({"type": "http.response.body", "body": b""})
    else:
        await respond(send, 404, "there is no such page; begin at /")


async def _send(file: File, scope: Message, send: Send) -> None:
    asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
    headers = [(b"etag", file.etag.encode()), *SECURITY]
    if file.etag in asked.get(b"if-none-match", ""):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    packed = "gzip" in asked.get(b"accept-encoding", "") and not file.content_type.startswith("image/")
    body = file.packed if packed else file.content
    headers += [(b"content-type", file.content_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(b"content-encoding", b"gzip")] if packed else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def standing_site(settings: Settings) -> Standing:
    """The site of the installation's cycles."""
    cycles, clock, foresight = Cycles(settings), Clock.of(settings), Foresight()
    return Standing(
        lambda: (cycles.record_version(), clock.today()),
        lambda: site([contents(platform, foresight) for platform in cycles.shown()]),
    )


def main() -> None:
    """Serve until a signal asks to end."""
    settings = read_settings()
    host, port = address(settings, PAGE)
    app = SameOrigin(page_app(standing_site(settings)), allowed_hosts(settings, host))
    print(f"the page at {base_url(settings, PAGE)}", flush=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    try:
        main()
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
