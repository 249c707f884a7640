"""Feast's objects: the entity `economy`, and a view of features and one of probabilities on the history of each.

`event_timestamp` is the moment of knowledge, `as_of` the month end that a row describes, `reference_month` the newest
month in it. `created` tells the contents apart that a month has had, so history is read as it was on any day. The views
hold the columns of every economy: one that an economy does not have is null in its rows.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, ValueType
from feast.data_source import DataSource
from feast.types import Float64, PrimitiveFeastType, String, UnixTimestamp

ENTITY = "economy"
FEATURES_VIEW = "macro_features"
REGIMES_VIEW = "regime_probabilities"
VIEWS = (FEATURES_VIEW, REGIMES_VIEW)
SERVICE = "macro_cycle"
TTL = timedelta(days=400)

economy = Entity(name=ENTITY, join_keys=[ENTITY], value_type=ValueType.STRING, description="Country code")

Columns = Mapping[str, PrimitiveFeastType]
BESIDE: Columns = {
    "declared_phase": String,
    "declared_on": UnixTimestamp,
    "declared_about": UnixTimestamp,
    **dict.fromkeys(("band_low", "band_high"), Float64),
    **{f"recession_within_{months}": Float64 for months in (3, 6, 12)},
    "months_to_exit": Float64,
}
"""What is said beside the answer: null where it is not known."""


def columns_of(features: Iterable[str], labels: Iterable[str]) -> dict[str, Columns]:
    """The columns of each view, for the panel's columns `features` and the regimes with these labels."""
    probabilities = [f"{kind}_{label}" for kind in ("filtered", "smoothed", "predicted", "phase") for label in labels]
    origin: Columns = {"as_of": UnixTimestamp, "reference_month": UnixTimestamp, "data_version": String}
    answer: Columns = {"model_version": String, "label": String, "recession_probability": Float64}
    return {
        FEATURES_VIEW: {**origin, **dict.fromkeys(features, Float64)},
        REGIMES_VIEW: {**origin, **answer, **dict.fromkeys(probabilities, Float64), **BESIDE},
    }


def feature_views(columns: Mapping[str, Columns], source: Callable[[str], DataSource]) -> list[FeatureView]:
    """A view of each name over `source(name)`."""
    return [
        FeatureView(
            name=name,
            entities=[economy],
            ttl=TTL,
            schema=[Field(name=column, dtype=kind) for column, kind in columns[name].items()],
            source=source(name),
            online=True,
        )
        for name in columns
    ]


def feature_service(views: list[FeatureView]) -> FeatureService:
    """Both views under one name, for those who ask by it."""
    return FeatureService(name=SERVICE, features=views)
