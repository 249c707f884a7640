"""The OpenAPI document of the REST interface, as the server answers it."""

from collections.abc import Sequence
from typing import Any

VERSION = "1.0.0"


def document(names: Sequence[str]) -> dict[str, Any]:
    """OpenAPI 3.1 for the models of these names."""
    ready = {"200": _of("Ready"), "503": _of("Ready")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of {', '.join(names)}",
            "version": VERSION,
            "description": "Phases of the business cycle over V1 and V2 (the Open Inference Protocol).",
        },
        "paths": {
            "/": _get("alive", {"200": _of("Alive")}),
            "/metrics": _get("metrics", {"200": _text("Prometheus' text format")}),
            "/v1/models": _get("v1_models", {"200": _of("Models")}),
            "/v2": _get("v2_server", {"200": _of("Server")}),
            "/v2/health/live": _get("v2_live", {"200": _of("Live")}),
            "/v2/health/ready": _get("v2_health", ready),
            "/v2/models": _get("v2_models", {"200": _of("Models")}),
            **{path: operation for name in names for path, operation in _paths(name).items()},
        },
        "components": {"schemas": SCHEMAS},
    }


def _paths(name: str) -> dict[str, Any]:
    """The paths of one model."""
    named = {"200": _of("Named"), "503": _of("Named")}
    of = name.replace("-", "_")
    return {
        f"/v1/models/{name}": _get(f"v1_ready_{of}", named),
        f"/v1/models/{name}:predict": _post(f"v1_predict_{of}", "V1Request", "V1Response"),
        f"/v2/models/{name}": _get(f"v2_model_{of}", {"200": _of("Model"), "503": _of("Error")}),
        f"/v2/models/{name}/ready": _get(f"v2_ready_{of}", named),
        f"/v2/models/{name}/infer": _post(f"v2_infer_{of}", "V2Request", "V2Response"),
    }


def _ref(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _of(schema: str) -> dict[str, Any]:
    return {"description": schema, "content": {"application/json": {"schema": _ref(schema)}}}


def _text(what: str) -> dict[str, Any]:
    return {"description": what, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _get(operation: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation, "responses": responses}}


def _post(operation: str, request: str, response: str) -> dict[str, Any]:
    errors = {str(status): _of("Error") for status in (400, 403, 404, 405, 408, 409, 413, 503)}
    body = {"required": True, "content": {"application/json": {"schema": _ref(request)}}}
    return {
        "post": {"operationId": operation, "requestBody": body, "responses": {"200": _of(response)} | errors},
    }


def _object(required: tuple[str, ...], more: bool = False, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": more}


def _list(items: dict[str, Any], **bounds: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


TEXT, NUMBER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
NAME = {"type": ["string", "null"], "maxLength": 128}
CELL = {"type": ["number", "null"]}
WINDOW = _list(_list(CELL), minItems=1, maxItems=5000)
ASKED = {"type": "string", "pattern": r"^(latest|\d{4}-\d{2}(-\d{2})?)$"}
NAMED_ROWS = _list({"type": "object", "additionalProperties": CELL}, minItems=1, maxItems=5000)
PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
OR_NULL = {"type": ["number", "null"]}
PARAMETERS = {"type": ["object", "null"], "additionalProperties": True}

SCHEMAS: dict[str, Any] = {
    "Error": _object(("error",), error=TEXT),
    "Alive": _object(("status",), status=TEXT),
    "Live": _object(("live",), live=TRUTH),
    "Ready": _object(("ready",), ready=TRUTH),
    "Named": _object(("name", "ready"), name=TEXT, ready=TRUTH),
    "Models": _object(("models",), models=_list(TEXT)),
    "Server": _object(("name", "version", "extensions"), name=TEXT, version=TEXT, extensions=_list(TEXT)),
    "Instance": {
        "oneOf": [
            WINDOW,
            _object(("rows",), rows=NAMED_ROWS),
            _object(("as_of",), as_of=ASKED),
            _object(("economy",), economy={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$"}),
        ],
    },
    "V1Request": _object(("instances",), instances=_list(_ref("Instance"), minItems=1, maxItems=256)),
    "V1Response": _object(("predictions",), predictions=_list(_ref("Answer"), minItems=1)),
    "Answer": _object(
        ("label", "recession_probability", "probabilities", "model_version"),
        more=True,
        label=TEXT,
        recession_probability=PROBABILITY,
        probabilities={"type": "object", "additionalProperties": PROBABILITY},
        phases={"type": ["object", "null"], "additionalProperties": PROBABILITY},
        log_likelihood=OR_NULL,
        reference_month={"type": ["string", "null"]},
        as_of={"type": ["string", "null"]},
        age_days={"type": ["integer", "null"], "minimum": 0},
        stale={"type": ["boolean", "null"]},
        model_version={"type": ["string", "null"]},
    ),
    "Described": _object(("name", "datatype", "shape"), name=TEXT, datatype=TEXT, shape=_list({"type": "integer"})),
    "Model": _object(
        ("name", "platform", "inputs", "outputs"),
        name=TEXT,
        versions=_list(TEXT),
        platform=TEXT,
        inputs=_list(_ref("Described")),
        outputs=_list(_ref("Described")),
    ),
    "Input": _object(
        ("name", "shape", "datatype"),
        name={"enum": ["panel", "observed", "as_of", "economy"]},
        shape=_list({"type": "integer", "minimum": 1}, minItems=1, maxItems=3),
        datatype={"enum": ["FP64", "FP32", "BOOL", "BYTES"]},
        data=_list({}),
        parameters=PARAMETERS,
    ),
    "Requested": _object(("name",), name=TEXT, parameters=PARAMETERS),
    "V2Request": _object(
        ("inputs",),
        id=NAME,
        model_name=NAME,
        model_version=NAME,
        parameters=PARAMETERS,
        inputs=_list(_ref("Input"), minItems=1, maxItems=2),
        outputs=_list(_ref("Requested"), maxItems=64),
    ),
    "Output": _object(
        ("name", "datatype", "shape"),
        name=TEXT,
        datatype=TEXT,
        shape=_list({"type": "integer"}),
        data=_list({}),
        parameters=PARAMETERS,
    ),
    "V2Response": _object(
        ("model_name", "outputs"),
        id=TEXT,
        model_name=TEXT,
        model_version=TEXT,
        outputs=_list(_ref("Output")),
    ),
}
