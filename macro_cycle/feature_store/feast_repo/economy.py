"""What `feast apply` registers: the same objects that the platform registers itself."""

from macro_cycle.cycles import library
from macro_cycle.feature_store.definitions import columns_of, economy, feature_service, feature_views
from macro_cycle.feature_store.placement import Placement
from macro_cycle.feature_store.store import prepare
from macro_cycle.hmm.labels import label_names
from macro_cycle.platform.settings import read_settings
from macro_cycle.stack.postgres import database_url

settings = read_settings()
placement = Placement.of(settings.feast, database_url(settings))
columns: dict = {}
for cycle in library(settings).found.values():
    labels = label_names(cycle.hmm_config(settings.model).n_regimes)
    columns = prepare(placement, columns_of(cycle.features.names, labels))
macro_features, regime_probabilities = feature_views(columns, placement.source)
service = feature_service([macro_features, regime_probabilities])

__all__ = ["economy", "macro_features", "regime_probabilities", "service"]
