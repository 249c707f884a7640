"""What the daemon evaluates."""

import dagster as dg

from macro_cycle.automation.partitions import MONTHS
from macro_cycle.automation.releases import Watch
from macro_cycle.errors import MacroCycleError
from macro_cycle.months import open_month
from macro_cycle.settings import load_settings

POLL_SECONDS = load_settings().dagster.poll_seconds

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=POLL_SECONDS,
    description="Runs an asset's open month when its automation condition holds.",
)


@dg.sensor(
    target=dg.AssetSelection.assets("fred_series"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=POLL_SECONDS,
    description="Fetches the open month as soon as the source has something new and has come to rest.",
)
def releases(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One fetch of the open month for each release, or for a storm of them."""
    try:
        month, token = open_month(), _token()
    except MacroCycleError as error:
        return dg.SkipReason(f"the source does not say whether it has something new: {error}")
    if not MONTHS.has_partition_key(month):
        return dg.SkipReason(f"{month[:7]} opens when Dagster loads the definitions again")
    watch, fetch = Watch.from_cursor(context.cursor).look(month, token)
    request = dg.RunRequest(run_key=watch.run_key, partition_key=month, asset_selection=[dg.AssetKey("fred_series")])
    return dg.SensorResult(run_requests=[request] if fetch else [], cursor=watch.cursor)


def _token() -> str:
    from macro_cycle.features import Catalog
    from macro_cycle.sources import open_source

    settings = load_settings()
    return open_source(settings, Catalog.load(settings.data.catalog_path)).last_updated()
