"""Whatever of Dagster's private API the platform needs, in one place, with what to do when it changes.

Belongs here: names that begin with an underscore or lie under `dagster._core`. Nothing else in the package imports
them. A contract test names what breaks after an upgrade.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.decorators.hook_decorator import event_list_hook
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata, generate_event_batch_id
from dagster._core.events.log import EventLogEntry
from dagster._core.scheduler.instigation import InstigatorTick, SensorInstigatorData, TickStatus
from dagster._core.storage.tags import (
    AUTO_RETRY_RUN_ID_TAG,
    EXTERNALLY_MANAGED_ASSETS_TAG,
    GRPC_INFO_TAG,
    PARTITION_NAME_TAG,
)
from dagster._serdes import ConfigurableClassData

__all__ = [
    "AUTO_RETRY_RUN_ID_TAG",
    "DATA_VERSION_TAG",
    "GRPC_INFO_TAG",
    "ConfigurableClassData",
    "EventLogEntry",
    "InstigatorTick",
    "SensorInstigatorData",
    "TickStatus",
    "be_about",
    "event_list_hook",
    "own_events",
    "say_that_conditions_are_evaluated",
    "store_batch",
    "store_planned",
    "version_tags",
]


def version_tags(
    data_version: str, code_version: str, inputs: Mapping[dg.AssetKey, str], events: Mapping[dg.AssetKey, int]
) -> dict[str, str]:
    """The tags by which Dagster knows the content, code and inputs of a materialization.

    inputs: versions of the inputs. events: storage ids of the events that made them, by which the UI sees whether
    one has been made again since.
    """
    return {
        DATA_VERSION_TAG: data_version,
        DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
        CODE_VERSION_TAG: code_version,
        **{get_input_data_version_tag(key): version for key, version in inputs.items()},
        **{get_input_event_pointer_tag(key): str(event) for key, event in events.items()},
    }


def store_batch(context: dg.AssetExecutionContext, materializations: Iterable[dg.AssetMaterialization]) -> None:
    """Store events as one batch (where DAGSTER_EVENT_BATCH_SIZE allows it).

    The public `context.log_event` stores each by itself, at about three times the cost in a range.
    """
    events = list(materializations)
    batch, step_context = generate_event_batch_id(), context.op_execution_context._step_execution_context
    for position, event in enumerate(events):
        last = position == len(events) - 1
        DagsterEvent.asset_materialization(step_context, event, DagsterEventBatchMetadata(batch, last))


def store_planned(storage: Any, events: Sequence[EventLogEntry]) -> None:
    """Store what a run plans to make of one asset: a row for each event, and the asset's own row by the last.

    Dagster stores so what was materialized, but what is planned in two transactions for each partition, which takes it
    half a minute for six hundred months of nine assets.
    """
    with storage.run_connection(events[0].run_id) as connection:
        rows = storage.prepare_insert_event_batch(events)
        event_ids = connection.execute(rows.returning(rows.table.c.id)).scalars().all()
    storage.store_asset_event(events[-1], event_ids[-1])


@contextmanager
def own_events(context: dg.AssetExecutionContext) -> Iterator[None]:
    """While the step hands on its output, Dagster adds no materialization of its own to those reported already.

    Dagster would give all partitions of a range one data version.
    """
    tags = cast("dict[str, str]", context.run.tags)  # this process's copy: the stored run keeps its tags
    tags[EXTERNALLY_MANAGED_ASSETS_TAG] = "true"
    try:
        yield
    finally:
        del tags[EXTERNALLY_MANAGED_ASSETS_TAG]


def be_about(context: dg.AssetCheckExecutionContext, month: str) -> None:
    """Have a run without a partition be about `month`, so that what it evaluates is of that partition.

    Dagster's page runs checks alone without one, and then fails to look up what a partitioned check judges.
    """
    tags = cast("dict[str, str]", context.op_execution_context.run.tags)  # this process's copy, as above
    tags[PARTITION_NAME_TAG] = month


def say_that_conditions_are_evaluated(instance: dg.DagsterInstance) -> None:
    """Have the pages of jobs say that automation is on.

    They read the switch of a daemon that the sensors have replaced: it stands at off, and stops nothing.
    """
    from dagster._daemon.asset_daemon import set_auto_materialize_paused

    set_auto_materialize_paused(instance, paused=False)
