"""From an as-of frame of observations to the panel that the model is trained on.

Belongs here: the transformations, the choice of features, and the construction of the panel inside one vintage.
Does not belong here: what a series is (`observations`), fetching or storing, scaling (a property of the model),
anything that knows Dagster, MLflow, Feast or a database.
"""

from macro_cycle.features.feature_set import Feature, FeatureSet, feature_set_for
from macro_cycle.features.panel import build_panel
from macro_cycle.features.transformations import TransformationError, transform

__all__ = [
    "Feature",
    "FeatureSet",
    "TransformationError",
    "build_panel",
    "feature_set_for",
    "transform",
]
