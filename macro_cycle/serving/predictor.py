"""The predictor as KServe's own model server takes it, beside other models or behind a transformer.

The platform's server (`server.py`) speaks the protocols itself, at a third of the cost; both give the same answers.
"""

import time
from collections.abc import Mapping
from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model
from kserve.errors import InferenceError, InvalidInput

from macro_cycle.serving import v1, v2
from macro_cycle.serving.errors import Malformed, Refused, Unavailable
from macro_cycle.serving.inference import Inference
from macro_cycle.serving.tensors import Tensor, read_shape

SECONDS = 30.0


class RegimePredictor(Model):
    """Answers for the model that `inference` serves; live but not ready until there is one."""

    def __init__(self, inference: Inference) -> None:
        super().__init__(inference.name)
        self.ready = True  # registered from the start; `healthy` says whether it can answer
        self._inference = inference

    async def healthy(self) -> bool:
        """Whether a model serves."""
        try:
            self._inference.models.current()
        except Unavailable:
            return False
        return True

    async def predict(
        self, payload: dict | bytes | InferRequest, headers: Mapping[str, str] | None = None, *_: Any
    ) -> dict | InferResponse:
        """Answer a V1 body `{"instances": [...]}` or a V2 request.

        Raises:
            InvalidInput: the request cannot be answered.
            InferenceError: it could be, but not now.
        """
        try:
            if isinstance(payload, InferRequest):
                return self._infer(payload)
            answering, limits = self._inference.models.current(), self._inference.limits
            if isinstance(payload, bytes):
                questions = v1.read(payload, answering.reader, limits)
            else:
                questions = v1.questions(payload, answering.reader, limits)
            return {"predictions": self._inference.answers(answering, questions, time.monotonic() + SECONDS)}
        except Unavailable as error:
            raise InferenceError(str(error)) from None
        except Refused as error:
            raise InvalidInput(str(error)) from None

    def _infer(self, request: InferRequest) -> InferResponse:
        answering = self._inference.models.current()
        tensors = [_tensor(tensor) for tensor in request.inputs]
        questions = v2.questions(tensors, answering.reader, self._inference.limits)
        answers = self._inference.answers(answering, questions, time.monotonic() + SECONDS)
        wanted = {output.name: False for output in request.request_outputs or ()}
        outputs = [
            InferOutput(output.name, list(output.shape), output.datatype, data=output.data)
            for output in v2.select(answers, wanted)
        ]
        return InferResponse(request.id or "", self.name, outputs, model_version=answering.model_version)


def _tensor(tensor: Any) -> Tensor:
    raw = tensor._raw_data
    if raw is None and not isinstance(tensor.data, list):
        raise Malformed(f"input {tensor.name} has no list of data")
    return Tensor(tensor.name, tensor.datatype, read_shape(tensor.name, list(tensor.shape)), tensor.data, raw)
