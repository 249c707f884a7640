"""What the daemon evaluates."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.cycles import library
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.watch import Watch

if TYPE_CHECKING:
    from dagster import UnresolvedAssetJobDefinition

    from macro_cycle.records import Answer, Declared

ANSWER_SECONDS = 10.0
DAY_SECONDS = 86_400
DEFINITION_SECONDS = 60
FOLLOWS = ("fred_series", "macro_features")


def sensor_name(cycle: str, kind: str) -> str:
    """The name of a cycle's sensor of a kind: `automation`, `releases`, `notifications` or `alerts`."""
    return f"{cycle}_{kind}"


def automation(prefix: str, poll_seconds: int) -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions of a cycle's assets, or of a source's; `prefix` begins their keys."""
    return dg.AutomationConditionSensorDefinition(
        sensor_name(prefix, "automation"),
        target=dg.AssetSelection.key_prefixes([prefix]),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=poll_seconds,
        description="Runs an asset's open month when its automation condition holds.",
    )


def releases(platform: Platform, fetch: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    """The sensor that looks for releases of a cycle's series, and has `fetch` run upon them."""
    follows = [dg.AssetKey([platform.cycle, name]) for name in FOLLOWS]  # named, so that conditions see them as one

    @dg.sensor(
        name=sensor_name(platform.cycle, "releases"),
        job=fetch,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=platform.settings.dagster.poll_seconds,
        description="Fetches what the source has new once it is at rest, and builds the open month's panel.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """One fetch of its series for each release, or for a storm of them; what follows is for the conditions."""
        before = Watch.from_cursor(context.cursor)
        try:
            month, (token, updated) = platform.clock.open_month(), _asked(platform, before.token)
        except MacroCycleError as error:
            return dg.SkipReason(f"the source does not say whether it has something new: {error}")
        if not _knows(context, follows[0], month):
            return dg.SkipReason(f"{month[:7]} opens when Dagster loads the definitions again")
        watch, due = before.look(month, token)
        if not due:
            found = "found nothing new" if watch.requested == watch.seen else "found something new and waits for rest"
            return dg.SensorResult(skip_reason=f"{found}; {month[:7]}, {token}"[:500], cursor=watch.cursor)
        series = [dg.AssetKey(key) for key in platform.series_keys if updated is None or key[1] in updated]
        request = dg.RunRequest(run_key=watch.run_key, partition_key=month, asset_selection=[*series, *follows])
        return dg.SensorResult(run_requests=[request], cursor=watch.cursor)

    return sensor


def _asked(platform: Platform, before: str) -> tuple[str, list[str] | None]:
    """What the source says of its newest release, and which series it updated since it said `before` (None: any).

    A silent one is given up long before the tick is.
    """
    from macro_cycle.sources.base import updated_since
    from macro_cycle.sources.factory import answer_within
    from macro_cycle.sources.fred_client import HURRIED

    source = platform.source(patience=HURRIED)
    return answer_within(ANSWER_SECONDS, lambda: (source.last_updated(), updated_since(source, before)))


def _knows(context: dg.SensorEvaluationContext, asset: dg.AssetKey, month: str) -> bool:
    """Whether the loaded definitions have the month as a partition."""
    partitions = context.repository_def.asset_graph.get(asset).partitions_def if context.repository_def else None
    return partitions is None or partitions.has_partition_key(month)


def notifications(platform: Platform) -> dg.SensorDefinition:
    """The sensor that tells people of a cycle."""

    @dg.sensor(
        name=sensor_name(platform.cycle, "notifications"),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=platform.settings.dagster.poll_seconds,
        description="Tells people of declarations, regime changes, refusals, stale data and failures, each once.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Find what there is to tell and send it to each channel that has not taken it yet."""
        from macro_cycle.automation.notices import Seen, find
        from macro_cycle.monitoring.notifications import Delivered, channels, deliver

        outlets = channels(platform.settings.notifications)
        if not outlets or platform.clock.rehearsed:
            return dg.SkipReason("nobody is to be told: no channel is set up, or this is a rehearsal")
        document = json.loads(context.cursor) if context.cursor else {}
        seen = Seen.from_document(document)
        answer, declared = _newest(platform)
        month = platform.clock.open_month()
        notices, looked = find(context.instance, platform.cycle, platform.source_key, month, answer, seen, declared)
        delivered, failures = deliver(notices, Delivered.from_document(document), outlets)
        kept = {"seen": (seen if failures else looked).to_document(), **delivered.to_document()}
        reason = "; ".join(failures) or f"{len(notices)} notices stand, all told"
        return dg.SensorResult(skip_reason=reason, cursor=json.dumps(kept))

    return sensor


def alerts(platform: Platform) -> dg.SensorDefinition:
    """The sensor that holds a person's own rules against what is on record."""

    @dg.sensor(
        name=sensor_name(platform.cycle, "alerts"),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=platform.settings.dagster.poll_seconds,
        description="Holds the rules of MACRO_CYCLE_ALERTS__PATH against what is on record, and tells whom they name.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """One look; what stands, and what a channel has not taken, is kept in the cursor."""
        from macro_cycle.automation.observed import Arrivals, arrivals, observe
        from macro_cycle.monitoring.alerts.rules import read_rules
        from macro_cycle.monitoring.alerts.state import Standing
        from macro_cycle.monitoring.alerts.telling import look, tell
        from macro_cycle.monitoring.notifications import channels

        if platform.settings.alerts.path is None or platform.clock.rehearsed:
            return dg.SkipReason("there are no rules (MACRO_CYCLE_ALERTS__PATH), or this is a rehearsal")
        try:
            rules = read_rules(platform.settings.alerts.path)
        except MacroCycleError as error:
            return dg.SkipReason(f"no rule was looked at: {error}"[:500])
        document = json.loads(context.cursor) if context.cursor else {}
        standing, arrived = Standing.from_document(document), Arrivals.from_document(document)
        try:
            arrived, unread = arrivals(platform, rules, arrived), []
        except MacroCycleError as error:
            unread = [f"no release was read: {error}"]
        standing, events, faults = look(standing, rules, observe(platform, arrived.came), datetime.now(UTC))
        standing, failures = tell(standing, events, channels(platform.settings.notifications))
        said = [f"{event.rule} {event.what}" for event in events] or [f"{len(standing.firing)} alerts stand"]
        reason = "; ".join([*said, *unread, *arrived.unmeasured, *faults, *failures])
        return dg.SensorResult(
            skip_reason=reason[:500], cursor=json.dumps({**standing.to_document(), **arrived.to_document()})
        )

    return sensor


def retention(settings: Settings) -> dg.SensorDefinition:
    """The sensor that deletes what Dagster wrote and nobody needs any more, of all cycles."""
    days = settings.dagster.keep_days

    @dg.sensor(
        name="retention",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=DAY_SECONDS,
        description=f"Deletes how steps went about their work, and what they printed, after {days} days.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """Materializations, checks, successes and failures stay for good."""
        from macro_cycle.stack.postgres import database_url
        from macro_cycle.stack.retention import prune_events, prune_output
        from macro_cycle.stack.services import dagster_home

        before = datetime.now(UTC) - timedelta(days=days)
        events = prune_events(database_url(settings), before)
        runs = prune_output(dagster_home(settings), before)
        return dg.SkipReason(f"deleted {events} events of {days} days ago or earlier, and the output of {runs} runs")

    return sensor


def definitions(settings: Settings) -> dg.SensorDefinition:
    """The sensor that looks at the definitions of the cycles: it fails while one of them cannot be used."""

    @dg.sensor(
        name="definitions",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=DEFINITION_SECONDS,
        description="Fails, and says why, while the definition of a cycle cannot be used; the others go on without it.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """Every definition is read anew."""
        found = library(settings)
        if found.broken:
            raise MacroCycleError("; ".join(found.broken.values()))
        return dg.SkipReason(f"in order: {', '.join(found.found)}")

    return sensor


def _newest(platform: Platform) -> "tuple[Answer | None, Declared | None]":
    """The newest answer and what stands declared."""
    from macro_cycle.records import Answer, Declared

    return platform.records.newest("regime_labels", Answer), platform.records.newest("declared_phase", Declared)
