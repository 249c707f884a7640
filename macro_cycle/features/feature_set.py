"""Which features the model sees, and what each one is made of."""

import logging
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from macro_cycle.observations.catalog import Catalog, CatalogError, Role

logger = logging.getLogger(__name__)

FeatureRole = Literal["activity", "momentum", "free", "transition"]

_PERSISTENCE = {"INDPRO": 0.3, "PAYEMS": 0.3, "W875RX1": 0.3}
_ROLE_OF: dict[Role, FeatureRole] = {
    "coincident": "activity",
    "leading": "momentum",
    "price": "free",
    "rate": "free",
}


class Feature(BaseModel):
    """One column of the panel.

    A feature of one series is its transformed, signed value; of several, the mean of their robustly scaled
    ones. With `weights`, one for each series, it is the weighted sum of their values as they are published, known
    where all of them are: weights 1 and -1 give the spread of two interest rates.

    `persistence` takes that share of last month's deviation off: the innovation of a series that is autocorrelated
    within a regime; `span` averages over that many months; `change` then takes the value less the one so many months
    before. With `half_life`, in months, all is at last put in units of a scale that drifts (`local_scale`), for
    histories so long that they have no one scale.

    `role` tells the model on what a state's mean of this feature depends: the level of activity, its
    momentum, or both ("free"). A feature of the role "transition" is not emitted by the states: it is a covariate of
    the transitions between them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    series_ids: tuple[str, ...] = Field(min_length=1)
    role: FeatureRole
    persistence: float = Field(default=0.0, ge=0.0, lt=1.0)
    span: int = Field(default=1, ge=1, le=24)
    change: int = Field(default=0, ge=0, le=24)
    half_life: int | None = Field(default=None, ge=12, le=1200)
    weights: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _a_weight_for_each_series(self) -> "Feature":
        if self.weights is not None and len(self.weights) != len(self.series_ids):
            raise ValueError(f"{self.name} has {len(self.weights)} weights for {len(self.series_ids)} series")
        return self


class FeatureSet(BaseModel):
    """The features in the panel's column order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[Feature, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "FeatureSet":
        names = self.names
        if len(set(names)) != len(names):
            raise ValueError("two features have the same name")
        return self

    @model_validator(mode="after")
    def _something_is_emitted(self) -> "FeatureSet":
        if all(feature.role == "transition" for feature in self.features):
            raise ValueError("every feature is a covariate of the transitions: give at least one of another role")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Column names of the panel."""
        return tuple(feature.name for feature in self.features)

    @property
    def series_ids(self) -> tuple[str, ...]:
        """Every series that a feature is made of, once, in order of first use."""
        return tuple(dict.fromkeys(series_id for feature in self.features for series_id in feature.series_ids))

    @property
    def roles(self) -> dict[str, FeatureRole]:
        """Feature name -> role."""
        return {feature.name: feature.role for feature in self.features}


def feature_set_for(series_ids: Sequence[str], catalog: Catalog) -> FeatureSet:
    """Features for any list of series, such as `UNRATE CPIAUCSL GDPC1`.

    Each series is one feature, with the role that the catalogue's role of the series implies; the momentum of
    the coincident ones is added when there are any. A series outside the catalogue is taken as coincident,
    with the transformation that its values allow, and a warning says so.

    Raises `CatalogError` for an empty list.
    """
    ids = tuple(dict.fromkeys(catalog.canonical_id(name) for name in series_ids))
    if not ids:
        raise CatalogError("No series given; name at least one FRED id, e.g. UNRATE.")
    for series_id in ids:
        if series_id not in catalog:
            logger.warning(
                "%s is not in the catalogue: taken as log differences if all are positive, else differences; "
                "up is good, released 30 days after the period. Your own catalogue file can say otherwise.",
                series_id,
            )
    features = [_of_one(s, _ROLE_OF[catalog.spec(s).role]) for s in ids]
    coincident = tuple(feature.name for feature in features if feature.role == "activity")
    if coincident:
        features.append(_momentum(coincident))
    return FeatureSet(features=tuple(features))


def _of_one(series_id: str, role: FeatureRole) -> Feature:
    return Feature(name=series_id, series_ids=(series_id,), role=role, persistence=_PERSISTENCE.get(series_id, 0.0))


def _momentum(coincident: tuple[str, ...]) -> Feature:
    return Feature(name="MOMENTUM", series_ids=coincident, role="momentum", span=3, change=5)
