"""Trained models by what they were trained on: the same panel and configuration are never trained twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.dialects.postgresql import insert

from macro_cycle.warehouse.tables import models


@dataclass(frozen=True)
class StoredModel:
    """A model document with its origin: the content versions of the panel and of the configuration."""

    model_version: str
    input_version: str
    config_version: str
    document: Mapping[str, Any]
    metrics: Mapping[str, float]


class ModelStore:
    """The `models` table: content-addressed and append-only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, trained: Sequence[StoredModel]) -> None:
        """Store models that are not stored yet, in one transaction."""
        rows = [dict(vars(model)) for model in trained]
        if not rows:
            return
        with self._engine.begin() as connection:
            connection.execute(insert(models).values(rows).on_conflict_do_nothing())

    def find(self, input_version: str, config_version: str) -> StoredModel | None:
        """The model trained on exactly this panel and configuration, or None."""
        return self._one((models.c.input_version == input_version) & (models.c.config_version == config_version))

    def load(self, model_version: str) -> StoredModel | None:
        """The model stored under this version, or None."""
        return self._one(models.c.model_version == model_version)

    def versions(self) -> set[str]:
        """The versions of all models."""
        with self._engine.connect() as connection:
            return set(connection.execute(select(models.c.model_version)).scalars())

    def _one(self, condition: ColumnElement[bool]) -> StoredModel | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(models).where(condition)).mappings().first()
        return StoredModel(**{name: row[name] for name in StoredModel.__dataclass_fields__}) if row else None
