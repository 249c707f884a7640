"""The HTTP application: predictions answered straight from the socket's bytes, control beside them.

KServe's own application spends more time on routing, encoding and timing than the model takes; this one speaks the same
protocols without it. Which bytes mean what is decided in `v1` and `v2`, what is answered in `inference`.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.metrics import Outcome, Protocol
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.bodies import Bodies, Disconnected, Receive
from macro_cycle.serving.control import Control, Reply
from macro_cycle.serving.credentials import ManagementToken
from macro_cycle.serving.errors import Malformed, NotAllowed, Refused, UnknownModel, short
from macro_cycle.serving.inference import Inference

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

JSON = (b"content-type", b"application/json")
BINARY = (b"content-type", b"application/octet-stream")
CANDIDATE = "x-bundle-version"
JSON_LENGTH = b"inference-header-content-length"
WAITS = b"economy"
NAMED_PATH = re.compile("/v[12](?:/repository)?/models/([^/:]+)")
V1_PATH = re.compile("/v1/models/([^/:]+):predict")
V2_PATH = re.compile("/v2/models/([^/]+)(?:/versions/([^/]+))?/infer")


@dataclass(frozen=True)
class Door:
    """A path that takes predictions, of a model that may not be the one that is served."""

    protocol: Protocol
    model: str
    version: str | None = None


class Application:
    """ASGI application for one model name."""

    def __init__(self, inference: Inference, token: ManagementToken, bodies: Bodies, control: Control) -> None:
        self._inference, self._token, self._bodies, self._control = inference, token, bodies, control
        self._doors = {path: door_at(path) for path in inference.paths}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, it is one response."""
        if scope["type"] != "http":
            return
        door = self._doors.get(scope["path"]) or door_at(scope["path"])
        if door is None:
            await self._controlled(scope, receive, send)
        else:
            await self._predicted(door, scope, receive, send)

    async def _predicted(self, door: Door, scope: Message, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        outcome: Outcome = "answered"
        try:
            status, body, headers = 200, *await self._prediction(door, scope, receive)
        except Disconnected:
            self._observe(door, "aborted", started)
            return
        except Exception as error:
            refused = self._inference.refused(error)
            status, body, headers, outcome = refused.status, _error(refused), [JSON], refused.outcome
        self._observe(door, outcome, started)
        await _send(send, status, body, headers)

    async def _prediction(
        self, door: Door, scope: Message, receive: Receive
    ) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        if door.model != self._inference.name:
            raise UnknownModel(f"there is no model {short(door.model)}; this is {self._inference.name}")
        if scope["method"] != "POST":
            raise WrongMethod(f"{scope['method']} is not taken here; POST the question")
        headers = dict(scope["headers"])
        async with self._bodies.read(headers, receive) as body:
            answering = await self._answering(door, headers)
            version = [(CANDIDATE.encode(), answering.version.encode())]
            inference, waits = self._inference, WAITS in body[:300]
            if door.protocol == "v1":
                content = await inference.run(lambda at: inference.v1(answering, body, at), len(body), waits=waits)
                return content, [JSON, *version]
            length = _json_length(headers)
            content, head = await inference.run(
                lambda at: inference.v2(answering, body, length, at), len(body), waits=waits
            )
        if head is None:
            return content, [JSON, *version]
        return content, [BINARY, (JSON_LENGTH, str(head).encode()), *version]

    async def _answering(self, door: Door, headers: dict[bytes, bytes]) -> Answering:
        """What answers everybody, or the candidate that a call with the token names."""
        if named := headers.get(CANDIDATE.encode()):
            self._check_token(headers)
            version = named.decode("latin-1")
            return await self._managed(lambda: self._inference.models.candidate(version))
        answering = self._inference.models.current()
        self._inference.check_named(answering, door.model, door.version)
        return answering

    async def _controlled(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply(scope, receive)
        except Disconnected:
            return
        except Exception as error:
            refused = self._inference.refused(error)
            reply = Reply(refused.status, _error(refused))
        await _send(send, reply.status, reply.body, [(b"content-type", reply.media_type.encode())])

    async def _reply(self, scope: Message, receive: Receive) -> Reply:
        method, path = scope["method"], scope["path"]
        if method == "GET" and (reply := self._control.get(path)) is not None:
            return reply
        if (act := self._control.management(path)) is not None and method == "POST":
            headers = dict(scope["headers"])
            self._check_token(headers)
            async with self._bodies.read(headers, receive):
                return await self._managed(act)
        if self._control.knows(path):
            raise WrongMethod(f"{method} is not taken here")
        raise UnknownModel(f"there is nothing at {short(path)}; see /openapi.json")

    async def _managed(self, act: Callable[[], Any]) -> Any:
        """What a management call gives, off the event loop; a bundle that cannot serve is the caller's error."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, act)
        except Refused:
            raise
        except MacroCycleError as error:
            raise Unserviceable(str(error)) from None

    def _check_token(self, headers: dict[bytes, bytes]) -> None:
        if not self._token.allows(headers.get(b"authorization", b"").decode("latin-1")):
            raise NotAllowed("this needs the management token, which lies in the home folder of the platform")

    def _observe(self, door: Door, outcome: Outcome, started: float) -> None:
        seconds = time.perf_counter() - started
        self._inference.telemetry.observe_request(door.model, door.protocol, outcome, seconds)


class Together:
    """ASGI application of a server with several models: each answers at the paths that name it, the first elsewhere."""

    def __init__(self, applications: Mapping[str, Application]) -> None:
        self._applications = dict(applications)
        self._first = next(iter(self._applications.values()))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        named = NAMED_PATH.match(scope["path"]) if scope["type"] == "http" else None
        application = self._applications.get(named[1], self._first) if named is not None else self._first
        await application(scope, receive, send)


class WrongMethod(Refused):
    """The address is known, the method is not taken there."""

    status, outcome = 405, "not_allowed"


class Unserviceable(Refused):
    """The bundle was not taken into service; what served before still does."""

    status, outcome = 409, "invalid"


def door_at(path: str) -> Door | None:
    """The door that a path names, if it is one."""
    if (named := V1_PATH.fullmatch(path)) is not None:
        return Door("v1", named[1])
    if (named := V2_PATH.fullmatch(path)) is not None:
        return Door("v2", named[1], named[2])
    return None


def _json_length(headers: dict[bytes, bytes]) -> int | None:
    value = headers.get(JSON_LENGTH)
    if value is None:
        return None
    if not value.isdigit() or len(value) > 10:
        raise Malformed(f"{JSON_LENGTH.decode()} is {short(value.decode('latin-1'))}; send the length of the JSON")
    return int(value)


def _error(refused: Refused) -> bytes:
    return orjson.dumps({"error": str(refused)})


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers.append((b"content-length", str(len(body)).encode()))
    if status in (408, 413):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
