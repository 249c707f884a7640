"""How a monthly asset reports: one materialization with its own data version for each month, also in a range run.

Dagster gives all partitions of a range run one data version. A content version per month is what lets a refresh
without news retrain nothing, so a range run reports its months itself, in batches, and has Dagster's own report of
the step deferred while its output is handed on.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_IS_USER_PROVIDED_TAG, DATA_VERSION_TAG
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata, generate_event_batch_id
from dagster._core.storage.tags import EXTERNALLY_MANAGED_ASSETS_TAG

from macro_cycle.automation.conditions import on_new_content
from macro_cycle.automation.freshness import FOLLOW_FETCH
from macro_cycle.automation.partitions import MONTHS

MONTHLY: dict[str, Any] = {
    "partitions_def": MONTHS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "tags": {"domain": "macro"},
    "freshness_policy": FOLLOW_FETCH,
    "automation_condition": on_new_content(),
}
"""What every monthly asset after the fetch has in common."""

MonthResult = tuple[str, dg.MaterializeResult]
BATCH_SIZE = 50


def report_months(context: dg.AssetExecutionContext, results: Iterable[MonthResult]) -> Iterator[dg.MaterializeResult]:
    """Report each month's result as it is computed; `results` yields them in the order of the run's partitions."""
    if len(context.partition_keys) == 1:
        for _, result in results:
            yield result
        return
    _report_range(context, results)
    tags = cast("dict[str, str]", context.run.tags)  # this process's copy: the stored run keeps its tags
    tags[EXTERNALLY_MANAGED_ASSETS_TAG] = "true"
    try:
        yield dg.MaterializeResult()
    finally:
        del tags[EXTERNALLY_MANAGED_ASSETS_TAG]


def _report_range(context: dg.AssetExecutionContext, results: Iterable[MonthResult]) -> None:
    total, done, pending = len(context.partition_keys), 0, []
    try:
        for month, result in results:
            pending.append(_materialization(context, month, result))
            if len(pending) == BATCH_SIZE:
                done += _store(context, pending)
                pending = []
                context.log.info(f"{context.asset_key.to_user_string()}: {done} of {total} months, at {month[:7]}")
    finally:
        _store(context, pending)


def _materialization(
    context: dg.AssetExecutionContext, month: str, result: dg.MaterializeResult
) -> dg.AssetMaterialization:
    tags = dict(result.tags or {})
    if result.data_version is not None:
        tags |= {DATA_VERSION_TAG: result.data_version.value, DATA_VERSION_IS_USER_PROVIDED_TAG: "true"}
    return dg.AssetMaterialization(context.asset_key, partition=month, metadata=result.metadata, tags=tags)


def _store(context: dg.AssetExecutionContext, materializations: list[dg.AssetMaterialization]) -> int:
    """Store the events as one batch (where DAGSTER_EVENT_BATCH_SIZE allows it); how many there were."""
    batch, last = generate_event_batch_id(), len(materializations) - 1
    step_context = context.op_execution_context._step_execution_context
    for position, materialization in enumerate(materializations):
        DagsterEvent.asset_materialization(
            step_context, materialization, DagsterEventBatchMetadata(batch, position == last)
        )
    return len(materializations)
