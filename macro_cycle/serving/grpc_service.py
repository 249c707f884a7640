"""V2 over gRPC, with KServe's protocol buffers: the same questions and answers as over REST."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import (
    GRPCInferenceServiceServicer,
    add_GRPCInferenceServiceServicer_to_server,
)

from macro_cycle.monitoring.metrics import Outcome
from macro_cycle.serving import v2
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.control import EXTENSIONS, Control, any_ready
from macro_cycle.serving.errors import Malformed, TooLarge, UnknownModel, short
from macro_cycle.serving.inference import Inference
from macro_cycle.serving.tensors import Output, Tensor, read_shape

CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
CONTENTS = {"FP64": "fp64_contents", "FP32": "fp32_contents", "BOOL": "bool_contents", "BYTES": "bytes_contents"}
OUTPUT_CONTENTS = CONTENTS | {"INT64": "int64_contents"}
METADATA_BYTES = 16_384
MOST_AT_A_TIME = 64
IDLE_MILLISECONDS = 300_000


class InferenceService(GRPCInferenceServiceServicer):
    """KServe's inference service for the models of these names, the first of which is the server's own."""

    def __init__(self, inferences: Mapping[str, Inference], controls: Mapping[str, Control]) -> None:
        self._inferences, self._controls = dict(inferences), dict(controls)
        self._first = next(iter(self._inferences.values()))

    async def ServerLive(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The server answers."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Whether predictions of a model are answered."""
        return pb.ServerReadyResponse(ready=any_ready(self._controls))

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Whether predictions of the model are answered."""
        return pb.ModelReadyResponse(ready=request.name in self._controls and self._controls[request.name].is_ready)

    async def ServerMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Name and extensions."""
        return pb.ServerMetadataResponse(name="macro_cycle", version="", extensions=EXTENSIONS)

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Inputs and outputs of the model."""
        try:
            self._named(request.name)
            return pb.ModelMetadataResponse(**self._controls[request.name].metadata())
        except Exception as error:
            return await self._abort(context, error, time.perf_counter(), request.name)

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer a request."""
        started = time.perf_counter()
        try:
            response = await self._infer(request)
        except Exception as error:
            return await self._abort(context, error, started, request.model_name)
        self._observe("answered", started, request.model_name)
        return response

    async def _infer(self, request: Any) -> Any:
        inference = self._named(request.model_name)
        answering = inference.models.current()
        inference.check_named(answering, request.model_name, request.model_version)
        waits = any(tensor.name == "economy" for tensor in request.inputs)
        return await inference.run(
            lambda at: self._answered(inference, answering, request, at), request.ByteSize(), waits=waits
        )

    def _answered(self, inference: Inference, answering: Answering, request: Any, deadline: float) -> Any:
        questions = v2.questions(_tensors(request), answering.reader, inference.limits)
        answers = inference.answers(answering, questions, deadline)
        wanted = {output.name: False for output in request.outputs}
        outputs = v2.select(answers, wanted)
        raw = request.parameters["binary_data_output"].bool_param if request.parameters else False
        response = pb.ModelInferResponse(
            model_name=inference.name,
            model_version=answering.model_version,
            id=request.id,
            outputs=[_described(output, raw=raw) for output in outputs],
        )
        if raw:
            response.raw_output_contents.extend(output.binary() for output in outputs)
        return response

    def _named(self, name: str) -> Inference:
        if name not in self._inferences:
            raise UnknownModel(f"there is no model {short(name)}; there are {', '.join(self._inferences)}")
        return self._inferences[name]

    async def _abort(self, context: Any, error: Exception, started: float, name: str) -> Any:
        refused = self._first.refused(error)
        self._observe(refused.outcome, started, name)
        await context.abort(CODES.get(refused.status, grpc.StatusCode.INTERNAL), str(refused))

    def _observe(self, outcome: Outcome, started: float, name: str) -> None:
        self._first.telemetry.observe_request(name, "grpc", outcome, time.perf_counter() - started)


def grpc_server(service: InferenceService, address: str, max_bytes: int) -> Any:
    """A gRPC server on `address`, not started yet.

    Raises:
        RuntimeError: the address cannot be listened on.
    """
    options = [
        ("grpc.max_receive_message_length", max_bytes),
        ("grpc.max_metadata_size", METADATA_BYTES),
        ("grpc.max_concurrent_streams", MOST_AT_A_TIME),
        ("grpc.max_connection_idle_ms", IDLE_MILLISECONDS),
    ]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=MOST_AT_A_TIME)
    add_GRPCInferenceServiceServicer_to_server(service, server)
    server.add_insecure_port(address)
    return server


def _tensors(request: Any) -> Sequence[Tensor]:
    if len(request.inputs) > v2.MOST_INPUTS or len(request.outputs) > v2.MOST_OUTPUTS:
        raise TooLarge(f"{len(request.inputs)} inputs or {len(request.outputs)} outputs are too many")
    if len(request.id) > v2.LONGEST_ID:
        raise TooLarge(f"the id has {len(request.id)} characters; send at most {v2.LONGEST_ID}")
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise Malformed(f"{len(raw)} raw contents came for {len(request.inputs)} inputs")
    return [_tensor(tensor, raw[number] if raw else None) for number, tensor in enumerate(request.inputs)]


def _tensor(tensor: Any, raw: bytes | None) -> Tensor:
    name, shape = short(tensor.name)[1:-1], read_shape(tensor.name[: v2.LONGEST_ID], list(tensor.shape))
    filled = [field.name for field, _ in tensor.contents.ListFields()]
    field = CONTENTS.get(tensor.datatype)
    if filled != ([] if raw is not None else [field]):
        raise Malformed(f"input {name} of datatype {short(tensor.datatype)} has the contents {filled}")
    data = None if raw is not None else list(getattr(tensor.contents, field or ""))
    return Tensor(tensor.name, tensor.datatype, shape, data, raw)


def _described(output: Output, *, raw: bool) -> Any:
    described = pb.ModelInferResponse.InferOutputTensor(
        name=output.name, datatype=output.datatype, shape=list(output.shape)
    )
    if not raw:
        unknown: Any = float("nan") if output.datatype == "FP64" else ""
        cells = [unknown if cell is None else cell for cell in output.data]
        encoded = [word.encode() for word in cells] if output.datatype == "BYTES" else cells
        getattr(described.contents, OUTPUT_CONTENTS[output.datatype]).extend(encoded)
    return described
