"""Automation conditions: what makes the daemon run an asset, always for the open month alone.

News travels by content. The snapshot and the panel hold it back: what follows them runs only when their data version
changed. From the model on everything runs together with what it depends on, so that one changed panel is one run.
"""

from dagster import AssetSelection, AutomationCondition

RETRY_CRON = "*/15 * * * *"
NIGHTLY_CRON = "30 3 * * *"
HOLDING_NEWS_BACK = AssetSelection.assets("fred_series", "macro_features")


def refetch_while_stale() -> AutomationCondition:
    """Fetch the open month at most every quarter of an hour, while it is missing, stale or its last fetch failed."""
    wanting = (
        AutomationCondition.freshness_failed() | AutomationCondition.missing() | AutomationCondition.execution_failed()
    )
    return (
        AutomationCondition.in_latest_time_window()
        & wanting
        & AutomationCondition.cron_tick_passed(RETRY_CRON)
        & ~AutomationCondition.in_progress()
    ).with_label("refetch_while_stale")


def on_new_content() -> AutomationCondition:
    """Run the open month when it is new or an input's content changed; a refresh that changed nothing runs nothing.

    What failed is tried again every quarter of an hour. Nothing follows an input whose blocking check failed.
    """
    changed_elsewhere = AutomationCondition.data_version_changed() & ~AutomationCondition.executed_with_root_target()
    news = (
        AutomationCondition.newly_missing()
        | AutomationCondition.any_deps_match(changed_elsewhere)
        | AutomationCondition.any_deps_match(AutomationCondition.will_be_requested()).ignore(HOLDING_NEWS_BACK)
    )
    refused = AutomationCondition.any_checks_match(AutomationCondition.check_failed(), blocking_only=True)
    again = AutomationCondition.execution_failed() & AutomationCondition.cron_tick_passed(RETRY_CRON)
    return (
        AutomationCondition.in_latest_time_window()
        & (news.since_last_handled() | again)
        & ~AutomationCondition.any_deps_missing()
        & ~AutomationCondition.any_deps_in_progress()
        & ~AutomationCondition.any_deps_match(refused)
        & ~AutomationCondition.in_progress()
    ).with_label("on_new_content")


def on_new_calls() -> AutomationCondition:
    """Score the calls once a night, if there are new ones: it is no part of answering, and reads them all."""
    new = AutomationCondition.any_deps_match(AutomationCondition.data_version_changed())
    return (
        (new | AutomationCondition.newly_missing()).since_last_handled()
        & AutomationCondition.cron_tick_passed(NIGHTLY_CRON)
        & ~AutomationCondition.any_deps_in_progress()
        & ~AutomationCondition.in_progress()
    ).with_label("on_new_calls")
