"""What the server says of itself, and the management calls. Nothing here takes predictions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from typing import Any

import orjson

from macro_cycle.serving.errors import Unavailable
from macro_cycle.serving.openapi import document
from macro_cycle.serving.questions import AsOf
from macro_cycle.serving.served_models import ServedModels
from macro_cycle.serving.tensors import outputs_of

EXTENSIONS = ["binary_tensor_data"]
MANAGEMENT = {"prepare": "candidate", "commit": "commit"}
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """A whole response."""

    status: int
    body: bytes
    media_type: str = "application/json"


class Control:
    """Health, metadata, metrics and management of the model `name`; `metrics` gives the exposition as text.

    names: those of every model that the server offers. server_ready: whether the server as a whole is ready.
    """

    def __init__(
        self,
        name: str,
        models: ServedModels,
        metrics: Callable[[], bytes],
        names: Sequence[str],
        server_ready: Callable[[], bool],
    ) -> None:
        self._name, self._models = name, models
        self.ending = False
        self._gets: dict[str, Callable[[], Reply]] = {
            "/": lambda: _json({"status": "alive"}),
            "/metrics": lambda: Reply(200, metrics(), METRICS_TYPE),
            "/openapi.json": lambda: _json(document(names)),
            "/v1/models": lambda: _json({"models": list(names)}),
            f"/v1/models/{name}": lambda: _ready({"name": name}, self.is_ready),
            "/v2": self._server,
            "/v2/health/live": lambda: _json({"live": True}),
            "/v2/health/ready": lambda: _ready({}, server_ready()),
            "/v2/models": lambda: _json({"models": list(names)}),
            f"/v2/models/{name}": self._model,
            f"/v2/models/{name}/ready": lambda: _ready({"name": name}, self.is_ready),
        }
        self._repository = f"/v2/repository/models/{name}/versions/"

    def get(self, path: str) -> Reply | None:
        """What a GET of the path is answered; None if nothing is there."""
        found = self._gets.get(path)
        return found() if found is not None else None

    def management(self, path: str) -> Callable[[], Reply] | None:
        """What a management call does, to be run off the event loop: `.../versions/<version>/prepare` or `/commit`."""
        version, _, act = path.removeprefix(self._repository).rpartition("/")
        if not path.startswith(self._repository) or act not in MANAGEMENT or "/" in version:
            return None

        def run() -> Reply:
            getattr(self._models, MANAGEMENT[act])(version)
            return _json({"name": self._name, "version": version, "state": act})

        return run

    def knows(self, path: str) -> bool:
        """Whether another method may be taken at the path."""
        return path in self._gets or self.management(path) is not None

    @property
    def is_ready(self) -> bool:
        """Whether predictions of this model are answered: it serves, and the server is not ending."""
        try:
            self._models.current()
        except Unavailable:
            return False
        return not self.ending

    def metadata(self) -> dict[str, Any]:
        """The model as V2 describes it.

        Raises:
            Unavailable: none serves yet.
        """
        answering = self._models.current()
        width = len(answering.reader.columns)
        inputs = [
            {"name": "panel", "datatype": "FP64", "shape": [-1, width]},
            {"name": "observed", "datatype": "BOOL", "shape": [-1, width]},
            {"name": "as_of", "datatype": "BYTES", "shape": [-1]},
            {"name": "economy", "datatype": "BYTES", "shape": [-1]},
        ]
        sample = outputs_of([answering.answer(AsOf(None), answering.as_of)])
        outputs = [
            {"name": output.name, "datatype": output.datatype, "shape": [-1, *output.shape[1:]]} for output in sample
        ]
        return {
            "name": self._name,
            "versions": [answering.model_version],
            "platform": "macro_cycle",
            "inputs": inputs,
            "outputs": outputs,
        }

    def _server(self) -> Reply:
        return _json({"name": "macro_cycle", "version": installed("macro-cycle"), "extensions": EXTENSIONS})

    def _model(self) -> Reply:
        return _json(self.metadata())


def any_ready(controls: Mapping[str, Control]) -> bool:
    """Whether the server answers predictions: those of one of its models at least, each of which tells of itself."""
    return any(control.is_ready for control in controls.values())


def _ready(named: dict[str, Any], ready: bool) -> Reply:
    return Reply(200 if ready else 503, orjson.dumps(named | {"ready": ready}))


def _json(content: Any) -> Reply:
    return Reply(200, orjson.dumps(content))
