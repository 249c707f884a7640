"""What the daemon evaluates."""

import json
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.automation.jobs import fetch
from macro_cycle.automation.partitions import MONTHS
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import open_month
from macro_cycle.platform.settings import load_settings
from macro_cycle.sources.watch import Watch

if TYPE_CHECKING:
    from macro_cycle.warehouse.regimes import Call

POLL_SECONDS = load_settings().dagster.poll_seconds

FETCHED = [dg.AssetKey("fred_series"), dg.AssetKey("macro_features")]  # named in the run, so conditions see them as one

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=POLL_SECONDS,
    description="Runs an asset's open month when its automation condition holds.",
)


@dg.sensor(
    job=fetch,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=POLL_SECONDS,
    description="Fetches the open month and builds its panel once the source has something new and has come to rest.",
)
def releases(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One fetch of the open month for each release, or for a storm of them; what follows is for the conditions."""
    try:
        month, token = open_month(), _token()
    except MacroCycleError as error:
        return dg.SkipReason(f"the source does not say whether it has something new: {error}")
    if not MONTHS.has_partition_key(month):
        return dg.SkipReason(f"{month[:7]} opens when Dagster loads the definitions again")
    watch, due = Watch.from_cursor(context.cursor).look(month, token)
    request = dg.RunRequest(run_key=watch.run_key, partition_key=month, asset_selection=FETCHED)
    return dg.SensorResult(run_requests=[request] if due else [], cursor=watch.cursor)


def _token() -> str:
    from macro_cycle.observations import Catalog
    from macro_cycle.sources import open_source

    settings = load_settings()
    return open_source(settings, Catalog.load(settings.data.catalog_path)).last_updated()


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=POLL_SECONDS,
    description="Tells people of regime changes, refusals, stale data and failures, each once.",
)
def notifications(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Find what there is to tell and send it to each channel that has not taken it yet."""
    from macro_cycle.automation.notices import Seen, find
    from macro_cycle.monitoring.notifications import Told, channels, tell

    settings = load_settings()
    outlets = channels(settings.notifications)
    if not outlets or settings.today_file is not None:
        return dg.SkipReason("nobody is to be told: no webhook or Alertmanager is set, or this is a rehearsal")
    document = json.loads(context.cursor) if context.cursor else {}
    seen = Seen.from_document(document)
    notices, looked = find(context.instance, open_month(), _newest_call(), seen)
    told, failures = tell(notices, Told.from_document(document), outlets)
    kept = {"seen": (seen if failures else looked).to_document(), **told.to_document()}
    reason = "; ".join(failures) or f"{len(notices)} notices stand, all told"
    return dg.SensorResult(skip_reason=reason, cursor=json.dumps(kept))


def _newest_call() -> "Call | None":
    from macro_cycle.resources.warehouse import WarehouseResource

    store = WarehouseResource().regimes()
    newest = store.newest()
    return store.last_call(newest) if newest else None
