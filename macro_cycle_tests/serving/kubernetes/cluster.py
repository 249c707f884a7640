"""KServe's part of a cluster: a controller that writes statuses, and the pods' endpoints, which answer for real."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kubernetes import client, config

from macro_cycle.serving import v1
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.questions import AsOf, Limits
from macro_cycle.training.bundle import Bundle

GROUP = ("serving.kserve.io", "v1beta1")
Document = dict[str, Any]


class Endpoints:
    """The model servers of a cluster under one address, by the first part of the path."""

    def __init__(self) -> None:
        self.serving: dict[str, Answering] = {}
        self.url = ""

    @contextmanager
    def listening(self) -> Iterator["Endpoints"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.serving))
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Controller:
    """Watches a namespace and says of each generation that it is ready, or why not.

    `storage` holds what lies at each storage URI; a URI that is missing there fails to load.
    """

    def __init__(self, namespace: str, storage: Mapping[str, Bundle], endpoints: Endpoints) -> None:
        self._namespace, self._storage, self._endpoints = namespace, storage, endpoints
        self._api = client.CustomObjectsApi(config.new_client_from_config(os.environ["KUBECONFIG"]))
        self._ended = threading.Event()
        self.before: Callable[[Document], None] = lambda _document: None
        self.seen: list[Document] = []

    @contextmanager
    def running(self) -> Iterator["Controller"]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.01):
            listed = self._api.list_namespaced_custom_object(*GROUP, self._namespace, "inferenceservices")
            for document in listed["items"]:
                if document.get("status", {}).get("observedGeneration") != document["metadata"]["generation"]:
                    self._reconcile(document)

    def _reconcile(self, document: Document) -> None:
        self.before(document)
        self.seen.append(document)
        mode = document["metadata"]["annotations"]["serving.kserve.io/deploymentMode"]
        status = self._standard(document) if mode == "Standard" else self._knative(document)
        name, generation = document["metadata"]["name"], document["metadata"]["generation"]
        status |= {"observedGeneration": generation, "deploymentMode": mode, "url": f"{self._endpoints.url}/{name}"}
        place = (*GROUP, self._namespace, "inferenceservices")
        self._api.patch_namespaced_custom_object_status(
            *place, name, {"status": status}, _content_type="application/merge-patch+json"
        )

    def _standard(self, document: Document) -> Document:
        name, spec = document["metadata"]["name"], document["spec"]
        canaries = [
            {
                "name": canary["predictor"]["name"],
                "trafficPercent": canary["trafficPercent"],
                "ready": self._start(f"{name}-{canary['predictor']['name']}-predictor", canary["predictor"]),
                "modelStatus": self._model_status(canary["predictor"]),
            }
            for canary in spec.get("canary", ())
        ]
        service = f"{name}-{spec['predictor']['name']}-predictor"
        return {**self._ready(self._start(service, spec["predictor"]), spec["predictor"]), "canaryStatuses": canaries}

    def _knative(self, document: Document) -> Document:
        name, predictor = document["metadata"]["name"], document["spec"]["predictor"]
        service, revision = f"{name}-latest", f"{name}-predictor-{document['metadata']['generation']:05d}"
        ready = self._start(service, predictor)
        target = {"latestRevision": True, "tag": "latest", "percent": predictor.get("canaryTrafficPercent", 100)}
        traffic = [{**target, "revisionName": revision, "url": f"{self._endpoints.url}/{service}"}]
        component = {"latestReadyRevision": revision, "traffic": traffic}
        return {**self._ready(ready, predictor), "components": {"predictor": component}}

    def _start(self, service: str, predictor: Document) -> bool:
        """Start the predictor's pods; whether they answer."""
        bundle = self._storage.get(predictor["model"]["storageUri"])
        if bundle is not None:
            self._endpoints.serving[service] = Answering(bundle, "a-version")
        return bundle is not None

    def _ready(self, ready: bool, predictor: Document) -> Document:
        condition = {"type": "Ready", "status": "True" if ready else "False"}
        return {"conditions": [condition], "modelStatus": {"lastFailureInfo": None, **self._model_status(predictor)}}

    def _model_status(self, predictor: Document) -> Document:
        uri = predictor["model"]["storageUri"]
        if uri in self._storage:
            return {"transitionStatus": "UpToDate", "states": {"activeModelState": "Loaded"}}
        failure = {"reason": "ModelLoadFailed", "message": f"{uri} not found"}
        return {"transitionStatus": "BlockedByFailedLoad", "lastFailureInfo": failure}


def _handler(serving: Mapping[str, Answering]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service, _, path = self.path.removeprefix("/").partition("/")
            content = json.dumps(_answered(serving[service], path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _answered(answering: Answering, path: str, body: Document) -> Document:
    if path.startswith("v1/"):
        questions = v1.questions(body, answering.reader, Limits())
        return {"predictions": [answering.answer(question, answering.as_of) for question in questions]}
    newest = answering.answer(AsOf(None), answering.as_of)
    outputs = {"labels": list(newest["probabilities"]), "probabilities": list(newest["probabilities"].values())}
    return {"outputs": [{"name": name, "data": data} for name, data in outputs.items()]}
