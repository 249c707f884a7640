"""Automation conditions: what makes the daemon run an asset, always for the open month alone.

News travels by content. The snapshot and the panel hold it back: what follows them runs only when their data version
changed. From the model on everything runs together with what it depends on, so that one changed panel is one run. A
changed configuration is a changed code version, and runs what depends on it.
"""

from collections.abc import Sequence

from dagster import AssetKey, AssetSelection, AutomationCondition

RETRY_CRON = "*/15 * * * *"
NIGHTLY_CRON = "30 3 * * *"
DAILY_CRON = "5 0 * * *"


def refetch_while_stale() -> AutomationCondition:
    """Fetch the open month at most every quarter of an hour, while it is missing, stale or its last fetch failed."""
    wanting = (
        AutomationCondition.freshness_failed().with_label("stale")
        | AutomationCondition.missing().with_label("missing")
        | AutomationCondition.execution_failed().with_label("last fetch failed")
    ).with_label("missing, stale or failed")
    return (
        AutomationCondition.in_latest_time_window().with_label("open month")
        & wanting
        & AutomationCondition.cron_tick_passed(RETRY_CRON).with_label("a quarter of an hour has passed")
        & (~AutomationCondition.in_progress()).with_label("not running")
    ).with_label("refetch_while_stale")


def on_new_content(holding_back: Sequence[AssetKey]) -> AutomationCondition:
    """Run the open month when it is new, an input's content changed, or its own code or configuration did.

    A refresh that changed nothing runs nothing. What failed is tried again every quarter of an hour. Nothing follows
    an input whose blocking check failed. holding_back: assets after which only changed content goes on.
    """
    changed_elsewhere = AutomationCondition.data_version_changed() & ~AutomationCondition.executed_with_root_target()
    news: AutomationCondition = (
        AutomationCondition.newly_missing().with_label("new month")
        | AutomationCondition.code_version_changed().with_label("configuration changed")
        | AutomationCondition.any_deps_match(changed_elsewhere).with_label("an input's content changed")
        | AutomationCondition.any_deps_match(AutomationCondition.will_be_requested())
        .ignore(AssetSelection.assets(*holding_back))
        .with_label("an input runs now")
    )
    refused = AutomationCondition.any_checks_match(AutomationCondition.check_failed(), blocking_only=True)
    again = AutomationCondition.execution_failed() & AutomationCondition.cron_tick_passed(RETRY_CRON)
    return (
        AutomationCondition.in_latest_time_window().with_label("open month")
        & (
            news.since_last_handled().with_label("news that was not handled")
            | again.with_label("failed, and a quarter of an hour has passed")
        )
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
