"""What was said, published as it is said."""

import dagster as dg

from macro_cycle.automation.conditions import on_change_of_the_open_month
from macro_cycle.resources import publishing
from macro_cycle.resources.platform import Platform

UPSTREAM = ("regime_labels", "champion", "kserve_deployment")
REHEARSED = "A rehearsal publishes nothing."


@dg.asset(
    deps=[dg.AssetDep(asset, partition_mapping=dg.LastPartitionMapping()) for asset in UPSTREAM],
    group_name="serving",
    owners=["team:research"],
    kinds={"file"},
    tags={"domain": "serving"},
    code_version="1",
    automation_condition=on_change_of_the_open_month(),
)
def published_record(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult:
    """Answers, decisions and deployments of the open month, added to a file that anybody can check without us.

    Each line follows from the one before it by a hash; `macro-cycle verify FILE` finds what was altered, removed or
    reordered. Nothing is ever rewritten, and nothing that was computed later about a month that had ended gets in.
    """
    if platform.clock.rehearsed:
        return dg.MaterializeResult(metadata={"note": REHEARSED})
    done = publishing.publish(platform)
    for warning in done.warnings:
        context.log.warning(warning)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(done.head),
        metadata={
            "file": dg.MetadataValue.path(str(done.path)),
            "entries": done.entries,
            "added": done.added,
            "head": done.head,
            **({"warnings": "; ".join(done.warnings)} if done.warnings else {}),
        },
    )
