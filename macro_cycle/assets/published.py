"""What was said, published as it is said."""

import dagster as dg

from macro_cycle.assets.chain import Chain
from macro_cycle.automation.conditions import on_change_of_the_open_month
from macro_cycle.resources import publishing
from macro_cycle.resources.outages import made_again_after_an_outage

UPSTREAM = ("regime_labels", "champion", "kserve_deployment")
REHEARSED = "A rehearsal publishes nothing."


def published_record(chain: Chain) -> dg.AssetsDefinition:
    """The asset `published_record`."""
    platform = chain.platform

    @dg.asset(
        **chain.names("published_record", "serving"),
        deps=[dg.AssetDep(chain.key(asset), partition_mapping=dg.LastPartitionMapping()) for asset in UPSTREAM],
        owners=["team:research"],
        kinds={"file"},
        tags={"domain": "serving"},
        code_version="1",
        automation_condition=on_change_of_the_open_month(),
    )
    @made_again_after_an_outage
    def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
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

    return asset
