"""From an as-of frame of observations to the panel that the model is trained on.

Belongs here: the catalogue of series (what each one is, when it is published, how it is made stationary),
the transformations, the choice of features, and the construction of the panel inside one vintage.
Does not belong here: fetching or storing observations, scaling (a property of the model), anything that
knows Dagster, MLflow, Feast or a database.
"""

from macro_cycle.features.catalog import Catalog, CatalogError, SeriesSpec
from macro_cycle.features.feature_set import Feature, FeatureSet, default_feature_set, feature_set_for
from macro_cycle.features.panel import build_panel
from macro_cycle.features.transformations import TransformationError, transform

__all__ = [
    "Catalog",
    "CatalogError",
    "Feature",
    "FeatureSet",
    "SeriesSpec",
    "TransformationError",
    "build_panel",
    "default_feature_set",
    "feature_set_for",
    "transform",
]
