"""What an API server does with a CRD's structural schema: defaults, pruning of unknown fields, validation."""

import copy
from typing import Any

from jsonschema import Draft7Validator

Schema = dict[str, Any]
KUBERNETES_ONLY = ("default", "description", "format")


class StructuralSchema:
    """The schema of one version of a custom resource."""

    def __init__(self, version: dict[str, Any]) -> None:
        self._schema = copy.deepcopy(version["schema"]["openAPIV3Schema"])
        self._schema["properties"]["metadata"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        self._validator = Draft7Validator(_plain(self._schema))

    def admit(self, document: Any) -> list[str]:
        """Prune and default `document` in place; what is wrong with it."""
        _prune_and_default(document, self._schema)
        return [f"{error.json_path}: {error.message}" for error in self._validator.iter_errors(document)]


def _plain(schema: Schema) -> Schema:
    """The schema in JSON Schema's own words."""
    plain = {k: v for k, v in schema.items() if not k.startswith("x-kubernetes") and k not in KUBERNETES_ONLY}
    if schema.get("x-kubernetes-int-or-string"):
        plain.pop("type", None)
    if "properties" in plain:
        plain["properties"] = {name: _plain(child) for name, child in plain["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(plain.get(key), dict):
            plain[key] = _plain(plain[key])
    return plain


def _prune_and_default(value: Any, schema: Schema) -> None:
    if isinstance(value, list):
        for item in value:
            _prune_and_default(item, schema.get("items", {}))
    elif isinstance(value, dict) and "properties" in schema:
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            for unknown in set(value) - set(schema["properties"]):
                del value[unknown]
        for name, child in schema["properties"].items():
            if "default" in child:
                value.setdefault(name, copy.deepcopy(child["default"]))
            if name in value:
                _prune_and_default(value[name], child)
    elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        for item in value.values():
            _prune_and_default(item, schema["additionalProperties"])
