"""The one entry point: everything that Dagster loads, for the cycles that the settings lead to."""

import os
from collections.abc import Mapping

import dagster as dg

from macro_cycle.assets.chain import Chain
from macro_cycle.assets.checks import record_checks
from macro_cycle.assets.current import current
from macro_cycle.assets.declared import declared_phase
from macro_cycle.assets.drift import regime_drift
from macro_cycle.assets.evaluation import real_time_evaluation
from macro_cycle.assets.features import macro_features
from macro_cycle.assets.model import regime_model
from macro_cycle.assets.news import regime_news
from macro_cycle.assets.promotion import champion
from macro_cycle.assets.published import published_record
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.assets.series import SharedSource, source_series
from macro_cycle.assets.serving import feast_materialization, kserve_deployment
from macro_cycle.assets.shown import with_partitions_explained
from macro_cycle.assets.sources import fred_series
from macro_cycle.automation.executor import executor
from macro_cycle.automation.jobs import jobs
from macro_cycle.automation.sensors import alerts, automation, definitions, notifications, releases, retention
from macro_cycle.cycles import library
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.resources.mlflow_run import RESOURCE_KEY, mlflow_run
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.records import RecordIOManager

VALIDATING = "DAGSTER_IS_DEFS_VALIDATION_CLI"  # set by `dg check defs`


def chain_of(platform: Platform) -> dg.Definitions:
    """The assets, checks, jobs and sensors of one cycle; they share nothing with another's but the database."""
    chain, its_jobs = Chain.of(platform), jobs(platform.cycle, platform.series_keys)
    assets = [
        fred_series(chain),
        macro_features(chain, platform.features, platform.panel_path),
        regime_model(chain),
        regime_labels(chain),
        declared_phase(chain),
        regime_news(chain),
        champion(chain),
        feast_materialization(chain),
        kserve_deployment(chain),
        real_time_evaluation(chain),
        current(chain),
        published_record(chain),
    ]
    return dg.Definitions(
        assets=dg.with_source_code_references([with_partitions_explained(asset) for asset in assets]),
        asset_checks=[*record_checks(chain), regime_drift(chain)],
        jobs=list(its_jobs.values()),
        sensors=[
            automation(platform.cycle, platform.settings.dagster.poll_seconds),
            releases(platform, its_jobs["fetch"]),
            notifications(platform),
            alerts(platform),
        ],
    )


def build(*platforms: Platform) -> dg.Definitions:
    """The chains of these platforms, which are of one installation, and what they have in common."""
    by_cycle: Mapping[str, Platform] = {platform.cycle: platform for platform in platforms}
    settings = platforms[0].installation
    sources, poll_seconds = SharedSource.all_of(platforms), settings.dagster.poll_seconds
    common = dg.Definitions(
        assets=dg.with_source_code_references([source_series(source) for source in sources]),
        sensors=[
            *(automation(source.name, poll_seconds) for source in sources),
            retention(settings),
            definitions(settings),
        ],
        resources={"io_manager": RecordIOManager(by_cycle), RESOURCE_KEY: mlflow_run(by_cycle)},
        executor=executor(settings.dagster),
    )
    return dg.Definitions.merge(common, *(chain_of(platform) for platform in platforms))


def load(settings: Settings) -> dg.Definitions:
    """The chain of every cycle whose definition can be used; the log names the others.

    Raises:
        MacroCycleError: none can be used; or one cannot, and it is asked whether everything is in order.
    """
    found = library(settings)
    for reason in found.broken.values():
        dg.get_dagster_logger().error(f"a cycle is left out: {reason}")
    if found.broken and (os.environ.get(VALIDATING) or not found.found):
        raise MacroCycleError("; ".join(found.broken.values()))
    return build(*(Platform(settings, definition) for definition in found.found.values()))


defs = load(read_settings())
