"""Feast's objects: the entity `economy` and two feature views on tables of the schema `feast`.

`event_timestamp` is the moment of knowledge, the end of the as-of month; the reference month is a feature. `created`
tells rows of the same month apart, so history is read as it was on any day.
"""

from collections.abc import Sequence
from datetime import timedelta

from feast import Entity, FeatureView, Field, ValueType
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource
from feast.types import Float64, PrimitiveFeastType, String, UnixTimestamp

ENTITY = "economy"
FEATURES_VIEW = "macro_features"
REGIMES_VIEW = "regime_probabilities"
SCHEMA = "feast"

economy = Entity(name=ENTITY, join_keys=[ENTITY], value_type=ValueType.STRING, description="Country code")


def table_name(view: str) -> str:
    """The table behind a view."""
    return f"{view}_history"


def feature_views(features: Sequence[str], labels: Sequence[str]) -> list[FeatureView]:
    """Views over the panel's columns and over the probabilities of the regimes with these labels."""
    probabilities = [f"{kind}_{label}" for kind in ("filtered", "smoothed", "predicted") for label in labels]
    origin = {"reference_month": UnixTimestamp, "data_version": String}
    answer = {"label": String, "recession_probability": Float64, "model_version": String}
    return [
        _view(FEATURES_VIEW, origin | dict.fromkeys(features, Float64)),
        _view(REGIMES_VIEW, origin | answer | dict.fromkeys(probabilities, Float64)),
    ]


def _view(name: str, columns: dict[str, PrimitiveFeastType]) -> FeatureView:
    source = PostgreSQLSource(
        name=f"{name}_source",
        table=f"{SCHEMA}.{table_name(name)}",
        timestamp_field="event_timestamp",
        created_timestamp_column="created",
    )
    return FeatureView(
        name=name,
        entities=[economy],
        ttl=timedelta(days=400),
        schema=[Field(name=column, dtype=kind) for column, kind in columns.items()],
        source=source,
        online=True,
    )
