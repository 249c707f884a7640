"""The predictor as KServe knows it, on V1 and V2, with a hot swap that loses no request."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelRepository
from kserve.errors import InvalidInput

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.metrics import ServingMetrics
from macro_cycle.serving.answering import EXAMPLE, LATEST, Answer, Answering, BadRequest
from macro_cycle.serving.shelf import Shelf


class RegimePredictor(Model):
    """Serves the bundle that was loaded last; live but not ready until there is one."""

    def __init__(self, name: str, metrics: ServingMetrics) -> None:
        super().__init__(name)
        self._metrics = metrics
        self.ready = True  # registered from the start; `healthy` says whether it can answer
        self._answering: Answering | None = None

    def swap(self, answering: Answering) -> None:
        """Answer with another bundle from the next request on."""
        self._metrics.describe_model(
            self.name,
            answering.meta["metrics"],
            answering.latest.probabilities,
            len(answering.model.columns),
        )
        self._answering = answering

    async def healthy(self) -> bool:
        """Whether a bundle is loaded."""
        return self._answering is not None

    def get_input_types(self) -> list[dict]:
        """V2 inputs: a window of rows, or the word `latest`."""
        width = len(self._answering.model.columns) if self._answering else -1
        return [
            {"name": "panel", "datatype": "FP64", "shape": [-1, width]},
            {"name": "as_of", "datatype": "BYTES", "shape": [1]},
        ]

    def get_output_types(self) -> list[dict]:
        """V2 outputs, one row each."""
        return [
            {"name": name, "datatype": kind, "shape": [-1]}
            for name, kind in (
                ("label", "BYTES"),
                ("recession_probability", "FP64"),
                ("labels", "BYTES"),
                ("probabilities", "FP64"),
                ("log_likelihood", "FP64"),
                ("model_version", "BYTES"),
            )
        ]

    async def predict(
        self, payload: dict | bytes | InferRequest, headers: Mapping[str, str] | None = None, *_: Any
    ) -> dict | InferResponse:
        """Answer a V1 body `{"instances": [...]}` or a V2 request."""
        try:
            if isinstance(payload, InferRequest):
                return self._response(payload, self._answer(_instance(payload)))
            return {"predictions": [self._answer(instance).document() for instance in _instances(payload)]}
        except BadRequest as error:
            raise InvalidInput(str(error)) from None

    def _answer(self, instance: Any) -> Answer:
        assert self._answering is not None  # KServe asks `healthy` first
        answer = self._answering.answer(instance)
        self._metrics.observe_answer(self.name, answer.label)
        return answer

    def _response(self, request: InferRequest, answer: Answer) -> InferResponse:
        values: dict[str, list] = {
            "label": [answer.label],
            "recession_probability": [answer.recession_probability],
            "labels": list(answer.probabilities),
            "probabilities": list(answer.probabilities.values()),
            "log_likelihood": [answer.log_likelihood],
            "model_version": [answer.model_version],
        }
        kinds = {output["name"]: output["datatype"] for output in self.get_output_types()}
        outputs = [InferOutput(name, [len(data)], kinds[name], data=data) for name, data in values.items()]
        return InferResponse(request.id or answer.model_version, self.name, outputs)


class BundleRepository(ModelRepository):
    """KServe's repository over the shelf: `load` takes the requested bundle into service, or refuses it."""

    def __init__(self, predictor: RegimePredictor, shelf: Shelf) -> None:
        super().__init__()
        self._predictor, self._shelf = predictor, shelf

    def load(self, name: str) -> bool:
        """Swap to the requested bundle after it has replayed its golden window; a broken one changes nothing."""
        version = self._shelf.requested
        if name != self._predictor.name or version is None:
            raise MacroCycleError(f"nothing was requested for {name}; deploy a bundle first")
        self._predictor.swap(Answering(self._shelf.bundle(version)))
        self._shelf.confirm(version)
        return True

    def unload(self, name: str) -> None:
        """Refused: there is always an answer once there has been one."""
        raise KeyError(name)


def _instances(payload: Any) -> list:
    if isinstance(payload, bytes):  # sent without a JSON content type, as curl does unless told otherwise
        try:
            payload = json.loads(payload)
        except ValueError:
            raise BadRequest("the body is not JSON") from None
    instances = payload.get("instances") if isinstance(payload, Mapping) else None
    if not isinstance(instances, list) or not instances:
        raise BadRequest(f'the body must be {{"instances": [...]}} with at least one instance; {EXAMPLE}')
    return instances


def _instance(request: InferRequest) -> Any:
    if len(request.inputs) != 1:
        raise BadRequest("send exactly one input: panel (FP64, rows x features) or as_of (BYTES, latest)")
    tensor = request.inputs[0]
    if tensor.name == "as_of":
        words = [w.decode() if isinstance(w, bytes) else w for w in tensor.data or []]
        return {"as_of": words[0]} if words == [LATEST] else {"as_of": words}
    if len(tensor.shape) != 2 or tensor.datatype not in ("FP64", "FP32"):
        raise BadRequest(f"input {tensor.name} must be FP64 of shape [rows, features]")
    try:
        return _nulls(np.asarray(tensor.data, dtype=float).reshape(tensor.shape))
    except (TypeError, ValueError):
        raise BadRequest(f"the data of {tensor.name} are not numbers of shape {list(tensor.shape)}") from None


def _nulls(window: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(value) else value for value in row] for row in window.tolist()]
