"""What runs and versions are tagged with, and how a version of ours is told from one that somebody else registered.

Every tag of ours is `macro_cycle.<name>`. Release 0.1.0 wrote the names without the prefix; both are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

PREFIX = "macro_cycle."
KIND, RANGE = "kind", "range"
GATE = "gate"

Identity = tuple[str, str]
"""A trained month: (as_of, model_version)."""


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model: MLflow's number, our content version, its month and its run."""

    version: str
    model_version: str
    as_of: str
    run_id: str


def prefixed(tags: Mapping[str, Any]) -> dict[str, str]:
    """The tags that have a value, under their full names; values as text."""
    return {PREFIX + name.removeprefix(PREFIX): str(value) for name, value in tags.items() if value is not None}


def tag_of(tags: Mapping[str, str], name: str) -> str | None:
    """The tag `name`, also as release 0.1.0 wrote it."""
    return tags.get(PREFIX + name, tags.get(name))


def identity_of(tags: Mapping[str, str]) -> Identity | None:
    """The trained month that these tags name, or None if they name none."""
    as_of, model_version = tag_of(tags, "as_of"), tag_of(tags, "model_version")
    return (as_of, model_version) if as_of and model_version and _is_day(as_of) else None


def registered(version: "ModelVersion") -> RegisteredVersion | None:
    """The version as one of ours, or None if somebody else registered it."""
    identity = identity_of(version.tags)
    if identity is None:
        return None
    as_of, model_version = identity
    return RegisteredVersion(str(version.version), model_version, as_of, version.run_id or "")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
