"""The one entry point: everything that Dagster loads."""

import dagster as dg

from macro_cycle.assets.checks import CHECKS
from macro_cycle.assets.drift import regime_drift
from macro_cycle.assets.evaluation import real_time_evaluation
from macro_cycle.assets.features import macro_features
from macro_cycle.assets.model import regime_model
from macro_cycle.assets.news import regime_news
from macro_cycle.assets.promotion import champion
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.assets.serving import feast_materialization, kserve_deployment
from macro_cycle.assets.sources import fred_series
from macro_cycle.automation.jobs import fetch, train_one_month, whole_graph
from macro_cycle.automation.sensors import automation, notifications, releases
from macro_cycle.resources.feast import FeatureStoreResource
from macro_cycle.resources.kserve import EndpointResource
from macro_cycle.resources.mlflow import RegistryResource
from macro_cycle.resources.mlflow_run import RESOURCE_KEY, mlflow_run
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource

defs = dg.Definitions(
    assets=[
        fred_series,
        macro_features,
        regime_model,
        regime_labels,
        regime_news,
        champion,
        feast_materialization,
        kserve_deployment,
        real_time_evaluation,
    ],
    asset_checks=[*CHECKS, regime_drift],
    jobs=[whole_graph, fetch, train_one_month],
    sensors=[automation, releases, notifications],
    resources={
        "warehouse": WarehouseResource(),
        "panels": PanelResource(),
        "registry": RegistryResource(),
        "features": FeatureStoreResource(),
        "endpoint": EndpointResource(),
        RESOURCE_KEY: mlflow_run,
    },
    executor=dg.in_process_executor,
)
