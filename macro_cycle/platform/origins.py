"""No service acts for a web page of another origin: what a request must be like before a service sees it.

A loopback address keeps no web page out: a browser on the same machine asks it whatever any page wants. So each
service stands behind `SameOrigin`, which knows the page that asks by `Origin` and `Sec-Fetch-Site`, and by `Host`
what name the browser took the service for (a name that was pointed at this machine to get around the origin).
"""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from macro_cycle.platform.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"localhost"})
READING = frozenset({"GET", "HEAD"})
USUAL_PORTS = {"http": 80, "https": 443}


def allowed_hosts(settings: Settings, listens_on: str) -> frozenset[str]:
    """The names by which a service that listens on a host may be called; an address may always be."""
    return LOOPBACK | {listens_on, *(name.lower() for name in settings.allowed_hosts)}


class SameOrigin:
    """ASGI middleware that answers 403 to what a page of another origin asks, and 421 to a name it does not know.

    Programs, which send neither `Origin` nor `Sec-Fetch-Site`, are let through; so is a person who follows a link.
    GraphQL over GET may read and not act, since a link or an image is enough to send it.
    """

    def __init__(self, app: App, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand on what may pass; refuse anything else without reading it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await respond(send, *refusal)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        headers = _single(scope["headers"])
        if headers is None:
            return 400, "a header that may stand once stands twice"
        host = headers.get("host", "")
        if not self._is_called_by(_name(host)):
            return 421, "this service does not go by that name; add it to MACRO_CYCLE_ALLOWED_HOSTS if it should"
        if _is_foreign(headers, host) and not _follows_a_link(scope, headers):
            return 403, "a page of another origin may not use this service"
        if _acts_by_get(scope):
            return 405, "a mutation must be sent by POST"
        return None

    def _is_called_by(self, name: str | None) -> bool:
        """A known name, or an address: nobody can point somebody else's address at this machine."""
        return name is not None and (name in self._hosts or _is_address(name))


async def respond(send: Send, status: int, text: str) -> None:
    """Answer with one line of text."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})


def _single(pairs: Collection[tuple[bytes, bytes]]) -> dict[str, str] | None:
    """The headers that decide, by name; None where one is there twice, which only a disguise would do."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.decode("latin-1").lower()
        if key in ("host", "origin") or key.startswith("sec-fetch-"):
            if key in found:
                return None
            found[key] = value.decode("latin-1").strip()
    return found


def _is_foreign(headers: dict[str, str], host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return not _is_origin_of(origin, host)
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def _follows_a_link(scope: Message, headers: dict[str, str]) -> bool:
    """Whether a person comes from another page to this one, which then shows itself and nothing of it to the other."""
    return (
        scope["type"] == "http"
        and scope["method"] in READING
        and "origin" not in headers
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _acts_by_get(scope: Message) -> bool:
    """Whether a GET carries a GraphQL document with anything but queries; a document in doubt counts as one."""
    if scope["type"] != "http" or scope["method"] not in READING or not scope["path"].endswith("/graphql"):
        return False
    parameters = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return any(not _only_reads(document) for document in parameters.get("query", []))


def _only_reads(document: str) -> bool:
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

    try:
        definitions = parse(document).definitions
    except (GraphQLError, RecursionError):
        return False
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    return all(operation.operation is OperationType.QUERY for operation in operations)


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _is_origin_of(origin: str, host: str) -> bool:
    """Whether a page of `origin` was served under the name and port in the header `Host`."""
    try:
        page, service = urlsplit(origin), urlsplit(f"//{host}")
        usual = USUAL_PORTS.get(page.scheme)
        return usual is not None and (page.hostname, page.port or usual) == (service.hostname, service.port or usual)
    except ValueError:
        return False
