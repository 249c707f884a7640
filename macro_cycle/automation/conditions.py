"""Automation conditions: what makes the daemon run an asset, for the open month alone.

News travels by content. The snapshot and the panel hold it back: what follows them runs only when their data version
changed. From the model on everything runs together with what it depends on, so that one changed panel is one run. A
changed configuration is a changed code version, and runs what depends on it.
"""

from collections.abc import Sequence

from dagster import AssetKey, AssetSelection, AutomationCondition

RETRY_CRON = "*/15 * * * *"
NIGHTLY_CRON = "30 3 * * *"
DAILY_CRON = "5 0 * * *"


def looked_at_daily() -> AutomationCondition:
    """Ask the source for a series once a day, whatever its releases say, and a quarter of an hour after a failure.

    The first time is upon the source's first token: see the sensor `releases`.
    """
    day: AutomationCondition = AutomationCondition.cron_tick_passed(DAILY_CRON).with_label("a day has passed")
    idle = (~AutomationCondition.in_progress()).with_label("not running")
    return ((day | _tried_again()) & idle).with_label("looked_at_daily")


def on_new_series() -> AutomationCondition:
    """Cut the open month's snapshot when it is new, or a series' history or the catalogue changed.

    What the source lacks it does not wait for: a series that is missing is missing in the snapshot.
    """
    news: AutomationCondition = (
        AutomationCondition.newly_missing().with_label("new month")
        | AutomationCondition.code_version_changed().with_label("configuration changed")
        | AutomationCondition.any_deps_match(_changed_elsewhere()).with_label("a series changed")
    )
    return (
        AutomationCondition.in_latest_time_window().with_label("open month")
        & (news.since_last_handled().with_label("news that was not handled") | _tried_again())
        & (~AutomationCondition.all_deps_match(AutomationCondition.missing())).with_label("there are series")
        & (~AutomationCondition.any_deps_in_progress()).with_label("no series is being fetched")
        & (~AutomationCondition.in_progress()).with_label("not running")
    ).with_label("on_new_series")


def _changed_elsewhere() -> AutomationCondition:
    """An input's content changed in a run that was not about what follows it, too."""
    return AutomationCondition.data_version_changed() & ~AutomationCondition.executed_with_root_target()


def _tried_again() -> AutomationCondition:
    failed: AutomationCondition = AutomationCondition.execution_failed()
    quarter: AutomationCondition = AutomationCondition.cron_tick_passed(RETRY_CRON)
    return (failed & quarter).with_label("failed, and a quarter of an hour has passed")


def on_new_content(holding_back: Sequence[AssetKey]) -> AutomationCondition:
    """Run the open month when it is new, an input's content changed, or its own code or configuration did.

    A refresh that changed nothing runs nothing. What failed is tried again every quarter of an hour. Nothing follows
    an input whose blocking check failed. holding_back: assets after which only changed content goes on.
    """
    news: AutomationCondition = (
        AutomationCondition.newly_missing().with_label("new month")
        | AutomationCondition.code_version_changed().with_label("configuration changed")
        | AutomationCondition.any_deps_match(_changed_elsewhere()).with_label("an input's content changed")
        | AutomationCondition.any_deps_match(AutomationCondition.will_be_requested())
        .ignore(AssetSelection.assets(*holding_back))
        .with_label("an input runs now")
    )
    refused = AutomationCondition.any_checks_match(AutomationCondition.check_failed(), blocking_only=True)
    return (
        AutomationCondition.in_latest_time_window().with_label("open month")
        & (news.since_last_handled().with_label("news that was not handled") | _tried_again())
        & (~AutomationCondition.any_deps_missing()).with_label("every input is there")
        & (~AutomationCondition.any_deps_in_progress()).with_label("no input is running")
        & (~AutomationCondition.any_deps_match(refused)).with_label("no input failed a blocking check")
        & (~AutomationCondition.in_progress()).with_label("not running")
    ).with_label("on_new_content")


def on_new_content_and_each_night(holding_back: Sequence[AssetKey]) -> AutomationCondition:
    """As `on_new_content`; and when a day has passed, since what stood for so many days is declared without news."""
    a_day_passed = (
        AutomationCondition.in_latest_time_window().with_label("open month")
        & AutomationCondition.cron_tick_passed(DAILY_CRON).with_label("a day has passed")
        & (~AutomationCondition.missing()).with_label("made before")
        & (~AutomationCondition.any_deps_missing()).with_label("every input is there")
        & (~AutomationCondition.any_deps_in_progress()).with_label("no input is running")
        & (~AutomationCondition.in_progress()).with_label("not running")
    )
    return (on_new_content(holding_back) | a_day_passed).with_label("on_new_content_and_each_night")


def on_change_of_the_open_month() -> AutomationCondition:
    """Run when what the open month answers, decides or serves has changed."""
    changed = AutomationCondition.any_deps_match(AutomationCondition.newly_updated())
    news = changed.with_label("the open month was run") | AutomationCondition.newly_missing()
    return (
        news.since_last_handled()
        & (~AutomationCondition.any_deps_in_progress()).with_label("no input is running")
        & (~AutomationCondition.in_progress()).with_label("not running")
    ).with_label("on_change_of_the_open_month")


def on_new_calls() -> AutomationCondition:
    """Score the calls once a night, if there are new ones: it is no part of answering, and reads them all."""
    new = AutomationCondition.any_deps_match(AutomationCondition.data_version_changed())
    news = new | AutomationCondition.newly_missing()
    return (
        news.since_last_handled().with_label("new calls")
        & AutomationCondition.cron_tick_passed(NIGHTLY_CRON).with_label("it is night")
        & (~AutomationCondition.any_deps_in_progress()).with_label("no input is running")
        & (~AutomationCondition.in_progress()).with_label("not running")
    ).with_label("on_new_calls")
