"""A Kubernetes API over HTTP for one custom resource: schema, admission, generations, conflicts, dry runs, status.

It stands in for a real API server, which no package registry has. Tests that use it run unchanged against a real one.
"""

import copy
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from macro_cycle_tests.serving.kubernetes.admission import objection
from macro_cycle_tests.serving.kubernetes.structural_schema import StructuralSchema

Document = dict[str, Any]
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
ROUTE = re.compile(r"/apis/(?P<group>[^/]+)/(?P<version>[^/]+)/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)"
                   r"(?:/(?P<name>[^/]+))?(?P<status>/status)?")  # fmt: skip


class Refusal(Exception):
    """A Status that the server answers with."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        self.code = code
        self.body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}


class Store:
    """The resources by namespace and name, changed as an API server changes them."""

    def __init__(self, crd: Document) -> None:
        version = next(v for v in crd["spec"]["versions"] if v["storage"])
        self.plural, self.group = crd["spec"]["names"]["plural"], crd["spec"]["group"]
        self._schema = StructuralSchema(version)
        self._kept: dict[tuple[str, str], Document] = {}
        self._revision = 0
        self._lock = threading.Lock()

    def list(self, namespace: str) -> Document:
        with self._lock:
            return {"items": [copy.deepcopy(d) for (space, _), d in self._kept.items() if space == namespace]}

    def read(self, namespace: str, name: str) -> Document:
        with self._lock:
            return copy.deepcopy(self._existing(namespace, name))

    def delete(self, namespace: str, name: str) -> Document:
        with self._lock:
            self._existing(namespace, name)
            del self._kept[namespace, name]
            return {"kind": "Status", "status": "Success"}

    def create(self, namespace: str, body: Document, dry_run: bool) -> Document:
        with self._lock:
            name = body.get("metadata", {}).get("name", "")
            if not NAME.fullmatch(name):
                raise Refusal(422, "Invalid", f"metadata.name: {name!r} is no DNS label")
            if (namespace, name) in self._kept:
                raise Refusal(409, "AlreadyExists", f'{self.plural}.{self.group} "{name}" already exists')
            new = {k: v for k, v in copy.deepcopy(body).items() if k != "status"}
            new["metadata"] |= {"namespace": namespace, "uid": str(uuid.uuid4()), "generation": 1}
            return self._keep(new, None, dry_run)

    def patch(self, namespace: str, name: str, change: Document, of_status: bool, dry_run: bool) -> Document:
        with self._lock:
            old = self._existing(namespace, name)
            revision = change.get("metadata", {}).get("resourceVersion")
            if revision not in (None, old["metadata"]["resourceVersion"]):
                raise Refusal(409, "Conflict", "the object has been modified; please apply your changes to the latest")
            new = _merged(old, {"status": change.get("status")} if of_status else {**change, "status": {}})
            if new["spec"] != old["spec"]:
                new["metadata"]["generation"] += 1
            return self._keep(new, old, dry_run, admission=not of_status)

    def _existing(self, namespace: str, name: str) -> Document:
        try:
            return self._kept[namespace, name]
        except KeyError:
            raise Refusal(404, "NotFound", f'{self.plural}.{self.group} "{name}" not found') from None

    def _keep(self, new: Document, old: Document | None, dry_run: bool, admission: bool = True) -> Document:
        if wrong := self._schema.admit(new):
            raise Refusal(422, "Invalid", f'"{new["metadata"]["name"]}" is invalid: {"; ".join(wrong[:3])}')
        if admission and (reason := objection(new, old)):
            raise Refusal(400, "BadRequest", f"admission webhook denied the request: {reason}")
        if not dry_run:
            self._revision += 1
            new["metadata"]["resourceVersion"] = str(self._revision)
            self._kept[new["metadata"]["namespace"], new["metadata"]["name"]] = new
        return copy.deepcopy(new)


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """The store's API on a free port of loopback; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(store))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            try:
                code, document = (201 if self.command == "POST" else 200), self._act(body)
            except Refusal as refusal:
                code, document = refusal.code, refusal.body
            content = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _act(self, body: Document) -> Document:
            url = urlsplit(self.path)
            found = ROUTE.fullmatch(url.path)
            if found is None or (found["group"], found["plural"]) != (store.group, store.plural):
                raise Refusal(404, "NotFound", "the server could not find the requested resource")
            dry_run = parse_qs(url.query).get("dryRun") == ["All"]
            where = (found["namespace"], found["name"])
            if self.command == "POST":
                return store.create(found["namespace"], body, dry_run)
            if self.command == "PATCH":
                if self.headers.get("Content-Type") != "application/merge-patch+json":
                    raise Refusal(415, "UnsupportedMediaType", "only merge patches are understood here")
                return store.patch(*where, body, bool(found["status"]), dry_run)
            if self.command == "DELETE":
                return store.delete(*where)
            return store.read(*where) if found["name"] else store.list(found["namespace"])

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

    return Handler


def _merged(old: Any, change: Any) -> Any:
    """RFC 7396's merge patch."""
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    merged = copy.deepcopy(old) if isinstance(old, dict) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged
