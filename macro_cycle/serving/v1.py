"""V1: `{"instances": [...]}` in, `{"predictions": [...]}` out."""

from collections.abc import Sequence
from typing import Any

import orjson

from macro_cycle.serving.errors import BadRequest, Malformed, short
from macro_cycle.serving.json_bodies import read_json
from macro_cycle.serving.questions import EXAMPLE, Limits, Question, WindowReader, of_instance


def read(body: bytes, reader: WindowReader, limits: Limits) -> list[Question]:
    """The questions of a request.

    Raises:
        Refused: the body is malformed, too large, or an instance cannot be answered.
    """
    return questions(read_json(body, limits, len(reader.columns)), reader, limits)


def questions(document: Any, reader: WindowReader, limits: Limits) -> list[Question]:
    """The questions of a request that was read already."""
    if not isinstance(document, dict) or "instances" not in document:
        raise Malformed(f'the body must be {{"instances": [...]}}; {EXAMPLE}')
    if len(document) > 1:
        unknown = next(name for name in document if name != "instances")
        raise Malformed(f"the body holds {short(unknown)} beside instances; nothing else is taken")
    instances = document["instances"]
    if type(instances) is not list or not instances:
        raise BadRequest(f"instances must be a list of at least one instance; {EXAMPLE}")
    limits.check_instances(len(instances))
    limits.check_rows([_length(instance) for instance in instances])
    return [of_instance(instance, reader) for instance in instances]


def write(answers: Sequence[dict[str, Any]]) -> bytes:
    """The response."""
    return orjson.dumps({"predictions": answers})


def _length(instance: Any) -> int:
    rows = instance.get("rows") if isinstance(instance, dict) else instance
    return len(rows) if type(rows) is list else 1
