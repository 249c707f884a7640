"""V2 (the Open Inference Protocol) over REST, with the binary tensor extension: requests to questions, answers back.

panel       FP64 or FP32 [rows, features], or [windows, rows, features] for several windows of the same length
observed    BOOL, of panel's shape: false where nothing is known (in JSON, null says the same)
as_of       BYTES [n]: latest, YYYY-MM-DD or YYYY-MM
economy     BYTES [n]
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import orjson

from macro_cycle.serving.errors import BadRequest, Malformed, TooLarge, short
from macro_cycle.serving.json_bodies import read_json
from macro_cycle.serving.questions import Limits, Question, WindowReader, as_of, economy
from macro_cycle.serving.tensors import Output, Tensor, outputs_of, read_shape

MOST_INPUTS = 2
MOST_OUTPUTS = 64
LONGEST_ID = 128
REQUEST_KEYS = frozenset(("id", "model_name", "model_version", "parameters", "inputs", "outputs"))
INPUT_KEYS = frozenset(("name", "shape", "datatype", "parameters", "data"))
OUTPUT_KEYS = frozenset(("name", "parameters"))
WORDS: Mapping[str, Callable[[str], Question]] = {"as_of": as_of, "economy": economy}
PANEL, OBSERVED = "panel", "observed"


@dataclass(frozen=True)
class InferenceRequest:
    """A request as it was read: its tensors, and how the answer is wanted.

    `outputs` maps the names of the wanted outputs to whether they are wanted in binary; empty for all of them.
    KServe's client names the model in the body too.
    """

    tensors: Sequence[Tensor]
    id: str = ""
    model_name: str = ""
    model_version: str = ""
    outputs: Mapping[str, bool] = field(default_factory=dict)
    binary: bool = False


def read(body: bytes, json_length: int | None, limits: Limits, width: int) -> InferenceRequest:
    """The request in `body`; `json_length` is where its binary data begin, None without any.

    Raises:
        Refused: the body is malformed or too large, or a tensor is not what its description says.
    """
    if json_length is not None and not 0 < json_length <= len(body):
        raise Malformed(f"the JSON of the body cannot have {json_length} of its {len(body)} bytes")
    document = read_json(body if json_length is None else body[:json_length], limits, width)
    _check_object(document, "the body", REQUEST_KEYS)
    inputs = document.get("inputs")
    if type(inputs) is not list or not inputs:
        raise Malformed("inputs must be a list of at least one tensor: panel, as_of or economy")
    if len(inputs) > MOST_INPUTS:
        raise TooLarge(f"{len(inputs)} inputs are too many; send panel (and observed), as_of or economy")
    tensors = _tensors(inputs, memoryview(body)[json_length:] if json_length is not None else memoryview(b""))
    parameters = _parameters(document, "the request")
    return InferenceRequest(
        tensors=tensors,
        id=_text(document, "id"),
        model_name=_text(document, "model_name"),
        model_version=_text(document, "model_version"),
        outputs=_outputs(document.get("outputs"), default=(binary := _flag(parameters, "binary_data_output"))),
        binary=binary,
    )


def questions(tensors: Sequence[Tensor], reader: WindowReader, limits: Limits) -> list[Question]:
    """The questions that a request's tensors ask.

    Raises:
        BadRequest: they are not one of the forms above, or a value cannot be taken.
    """
    named = {tensor.name: tensor for tensor in tensors}
    if len(named) < len(tensors):
        raise BadRequest("the inputs share a name; each may come once")
    if named.keys() - {OBSERVED} == {PANEL}:
        return _windows(named[PANEL], named.get(OBSERVED), reader, limits)
    if len(named) == 1 and named.keys() <= WORDS.keys():
        ((name, tensor),) = named.items()
        tensor.check_type("BYTES")
        if len(tensor.shape) != 1:
            raise BadRequest(f"input {name} has the shape {list(tensor.shape)}; send [instances]")
        limits.check_instances(prod(tensor.shape))
        return [WORDS[name](word) for word in tensor.words()]
    raise BadRequest(f"the inputs are {short(sorted(named))}; send panel (and observed), as_of or economy")


def select(answers: Sequence[Mapping[str, Any]], wanted: Mapping[str, bool]) -> list[Output]:
    """The outputs that are wanted, in the order in which they were asked for; all of them if none was named.

    Raises:
        BadRequest: there is no output of a name.
    """
    outputs = outputs_of(answers)
    if not wanted:
        return outputs
    named = {output.name: output for output in outputs}
    if unknown := [name for name in wanted if name not in named]:
        raise BadRequest(f"there is no output {short(unknown[0])}; this answer has {', '.join(named)}")
    return [named[name] for name in wanted]


def write(
    request: InferenceRequest, answers: Sequence[Mapping[str, Any]], model_name: str, model_version: str
) -> tuple[bytes, int | None]:
    """The response, and the length of its JSON if binary data follow it."""
    tail: list[bytes] = []
    outputs = [
        _described(output, tail, binary=request.outputs.get(output.name, request.binary))
        for output in select(answers, request.outputs)
    ]
    document = {"model_name": model_name, "model_version": model_version, "outputs": outputs}
    if request.id:
        document["id"] = request.id
    head = orjson.dumps(document)
    return b"".join([head, *tail]), len(head) if tail else None


def _described(output: Output, tail: list[bytes], *, binary: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
    if not binary:
        return described | {"data": output.data}
    tail.append(output.binary())
    return described | {"parameters": {"binary_data_size": len(tail[-1])}}


def _tensors(inputs: list, binary: memoryview) -> list[Tensor]:
    tensors, at = [], 0
    for document in inputs:
        _check_object(document, "an input", INPUT_KEYS)
        size = _parameters(document, "an input").get("binary_data_size")
        if size is not None and (type(size) is not int or not 0 <= size <= len(binary) - at):
            raise Malformed(f"binary_data_size is {short(size)}; {len(binary) - at} bytes are left")
        if size is not None and document.get("data") is not None:
            raise Malformed("an input has both data and binary_data_size")
        tensors.append(_tensor(document, None if size is None else binary[at : at + size]))
        at += size or 0
    if at != len(binary):
        raise Malformed(f"{len(binary) - at} bytes follow the binary data of the last input")
    return tensors


def _tensor(document: Mapping[str, Any], raw: memoryview | None) -> Tensor:
    name, datatype = document.get("name"), document.get("datatype")
    if type(name) is not str or type(datatype) is not str or len(name) > LONGEST_ID or len(datatype) > LONGEST_ID:
        raise Malformed("an input needs a name and a datatype, both text")
    return Tensor(name, datatype, read_shape(name, document.get("shape")), document.get("data"), raw)


def _windows(panel: Tensor, observed: Tensor | None, reader: WindowReader, limits: Limits) -> list[Question]:
    panel.check_type("FP64", "FP32")
    if len(panel.shape) == 1 or panel.shape[-1] != len(reader.columns):
        raise BadRequest(
            f"input panel has the shape {list(panel.shape)}; send [rows, {len(reader.columns)}] or "
            f"[windows, rows, {len(reader.columns)}]: {', '.join(reader.columns)}"
        )
    windows, rows = (1, *panel.shape[:-1])[-2:]
    limits.check_instances(windows)
    limits.check_rows([rows] * windows)
    if observed is not None:
        observed.check_type("BOOL")
        if observed.shape != panel.shape:
            raise BadRequest(f"input observed has the shape {list(observed.shape)} instead of panel's")
    values = panel.numbers(None if observed is None else observed.truths())
    return [reader.window(window) for window in values.reshape(windows, rows, panel.shape[-1])]


def _outputs(outputs: Any, *, default: bool) -> dict[str, bool]:
    if outputs is None:
        return {}
    if type(outputs) is not list:
        raise Malformed("outputs must be a list of objects with a name")
    if len(outputs) > MOST_OUTPUTS:
        raise TooLarge(f"{len(outputs)} outputs are too many; send at most {MOST_OUTPUTS}")
    wanted = {}
    for document in outputs:
        _check_object(document, "an output", OUTPUT_KEYS)
        name, parameters = document.get("name"), _parameters(document, "an output")
        if type(name) is not str or name in wanted:
            raise Malformed(f"an output is named {short(name)}; give each name once, as text")
        wanted[name] = _flag(parameters, "binary_data") if "binary_data" in parameters else default
    return wanted


def _check_object(document: Any, what: str, keys: frozenset[str]) -> None:
    if not isinstance(document, dict):
        raise Malformed(f"{what} must be an object with {', '.join(sorted(keys))}")
    if not document.keys() <= keys:
        unknown = next(key for key in document if key not in keys)
        raise Malformed(f"{what} holds {short(unknown)}; it may hold {', '.join(sorted(keys))}")


def _parameters(document: Mapping[str, Any], what: str) -> dict[str, Any]:
    parameters = document.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise Malformed(f"the parameters of {what} must be an object")
    return parameters or {}


def _flag(parameters: Mapping[str, Any], name: str) -> bool:
    value = parameters.get(name, False)
    if type(value) is not bool:
        raise Malformed(f"{name} is {short(value)}; it is true or false")
    return value


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None:
        return ""
    if type(value) is not str or len(value) > LONGEST_ID:
        raise Malformed(f"{name} is {short(value)}; send text of at most {LONGEST_ID} characters")
    return value
