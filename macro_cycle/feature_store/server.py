"""`python -m macro_cycle.feature_store.server REPOSITORY`: Feast's feature server, to read from alone.

Feast's own server also writes, materializes and registers for whoever reaches its port, a page of another origin
included; here those doors are shut.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI
    from feast import FeatureStore

OPEN = {
    ("GET", "/health"),
    ("POST", "/get-online-features"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
}
MAX_BODY_BYTES = 16_000


class ReadOnly:
    """ASGI middleware: what is not in `OPEN` answers 403, a body above `MAX_BODY_BYTES` 413."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http" or (scope["method"], scope["path"]) not in OPEN:
            return await _answer(scope, receive, send, 403, "this feature server is read-only")
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                return await _answer(scope, receive, send, 413, f"a request may hold {MAX_BODY_BYTES} bytes")
            if message["type"] == "http.disconnect":
                return None
            if not message.get("more_body"):
                break
        return await self._app(scope, _replay(bytes(body), receive), send)


def feature_app(store: "FeatureStore", host: str) -> "FastAPI":
    """Feast's application over the store, read-only, for requests that name `host` or this machine."""
    from feast.feature_server import get_app
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app = get_app(store)
    app.add_middleware(ReadOnly)
    named = ["*"] if host in ("0.0.0.0", "::") else [host, "localhost", "127.0.0.1"]  # noqa: S104
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=named)
    return app


def _replay(body: bytes, receive: Any) -> Any:
    remaining = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return remaining.pop() if remaining else await receive()

    return again


async def _answer(scope: Any, receive: Any, send: Any, status: int, reason: str) -> None:
    from starlette.responses import JSONResponse
    from starlette.websockets import WebSocketClose

    answer = JSONResponse({"detail": reason}, status) if scope["type"] == "http" else WebSocketClose()
    await answer(scope, receive, send)


def main() -> None:
    """Serve until a signal asks to end."""
    import uvicorn
    from feast import FeatureStore

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path, help="folder with a feature_store.yaml")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6566)
    asked = parser.parse_args()
    app = feature_app(FeatureStore(repo_path=str(asked.repository)), asked.host)
    print(f"features at http://{asked.host}:{asked.port}", flush=True)
    uvicorn.run(app, host=asked.host, port=asked.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
