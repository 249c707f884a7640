"""Automation conditions: what makes the daemon run an asset, always for the open month alone."""

from dagster import AutomationCondition

RETRY_CRON = "*/15 * * * *"


def refetch_while_stale() -> AutomationCondition:
    """Fetch the open month again while its freshness policy fails, at most every quarter of an hour."""
    return (
        AutomationCondition.in_latest_time_window()
        & (AutomationCondition.freshness_failed() | AutomationCondition.missing())
        & AutomationCondition.cron_tick_passed(RETRY_CRON)
        & ~AutomationCondition.in_progress()
    ).with_label("refetch_while_stale")


def on_new_content() -> AutomationCondition:
    """Run the open month when a dependency's content changed; a refresh that changed nothing runs nothing."""
    changed = AutomationCondition.newly_missing() | AutomationCondition.any_deps_match(
        AutomationCondition.data_version_changed()
    )
    return (
        AutomationCondition.in_latest_time_window()
        & changed.since_last_handled()
        & ~AutomationCondition.any_deps_missing()
        & ~AutomationCondition.any_deps_in_progress()
        & ~AutomationCondition.in_progress()
    ).with_label("on_new_content")
