"""The one entry point: everything that Dagster loads, for the platform that the settings describe."""

import dagster as dg

from macro_cycle.assets.chain import Chain
from macro_cycle.assets.checks import record_checks
from macro_cycle.assets.current import current
from macro_cycle.assets.drift import regime_drift
from macro_cycle.assets.evaluation import real_time_evaluation
from macro_cycle.assets.features import macro_features
from macro_cycle.assets.model import regime_model
from macro_cycle.assets.news import regime_news
from macro_cycle.assets.promotion import champion
from macro_cycle.assets.published import published_record
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.assets.serving import feast_materialization, kserve_deployment
from macro_cycle.assets.sources import fred_series
from macro_cycle.automation.executor import executor
from macro_cycle.automation.jobs import decide, fetch, train_one_month, whole_graph
from macro_cycle.automation.sensors import automation, notifications, releases, retention
from macro_cycle.resources.mlflow_run import RESOURCE_KEY, mlflow_run
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.records import RecordIOManager


def build(platform: Platform) -> dg.Definitions:
    """The assets, checks, jobs, sensors and resources of a platform."""
    chain, poll_seconds = Chain.of(platform), platform.settings.dagster.poll_seconds
    assets = [
        fred_series(chain),
        macro_features(chain, platform.features, platform.settings.panel_path),
        regime_model(chain),
        regime_labels(chain),
        regime_news(chain),
        champion(chain),
        feast_materialization(chain),
        kserve_deployment(chain),
        real_time_evaluation,
        current,
        published_record,
    ]
    return dg.Definitions(
        assets=dg.with_source_code_references(assets),
        asset_checks=[*record_checks(chain), regime_drift(chain)],
        jobs=[whole_graph, fetch, train_one_month, decide],
        sensors=[
            automation(poll_seconds),
            releases(poll_seconds),
            notifications(poll_seconds),
            retention(platform.settings.dagster.keep_days),
        ],
        resources={
            "platform": platform,
            "io_manager": RecordIOManager(platform),
            RESOURCE_KEY: mlflow_run,
        },
        executor=executor(platform.settings.dagster),
    )


defs = build(Platform.from_environment())
