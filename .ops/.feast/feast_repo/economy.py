"""What `feast apply` registers: the same objects that the platform registers itself."""

from macro_cycle.feature_store.definitions import economy, feature_views
from macro_cycle.features import default_feature_set
from macro_cycle.hmm.labels import label_names
from macro_cycle.platform.settings import load_settings

macro_features, regime_probabilities = feature_views(
    default_feature_set().names, label_names(load_settings().model.n_regimes)
)

__all__ = ["economy", "macro_features", "regime_probabilities"]
