"""Blocking checks between the assets: what fails here never reaches a model, a store or the endpoint."""

from collections.abc import Iterable

import dagster as dg

from macro_cycle.assets.features import FEATURES, macro_features
from macro_cycle.assets.model import regime_model, trained_models
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.assets.sources import as_of_frames, fred_series
from macro_cycle.features.schema import panel_schema, regimes_schema, violations
from macro_cycle.months import as_of_day
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource

SHOWN = 10


@dg.asset_check(asset=fred_series, blocking=True, description="Every feature's series is known, no value is repeated.")
def snapshot_is_usable(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """The snapshot of each month holds values of the features' series, one per series and date."""
    frames = as_of_frames(warehouse.observations(), _months(context), list(FEATURES.series_ids))
    return _result((month, _snapshot_violations(frame)) for month, frame in frames)


def _snapshot_violations(frame) -> list[str]:  # type: ignore[no-untyped-def]
    missing = sorted(set(FEATURES.series_ids) - set(frame["series_id"]))
    found = [f"{series_id} has no observation; see the source's settings" for series_id in missing]
    if frame.duplicated(["series_id", "date"]).any():
        found.append("a date occurs twice for one series")
    return found


@dg.asset_check(asset=macro_features, blocking=True, description="Columns, index and missing share of the panel.")
def panel_is_trainable(context: dg.AssetCheckExecutionContext, panels: PanelResource) -> dg.AssetCheckResult:
    """The panel of each month keeps to its schema."""
    schema, store = panel_schema(list(FEATURES.names)), panels.store()
    return _result((month, violations(schema, store.read(month))) for month in _months(context))


@dg.asset_check(asset=regime_model, blocking=True, description="The model converged and its figures are finite.")
def model_converged(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource, panels: PanelResource
) -> dg.AssetCheckResult:
    """The training of each month's model converged."""
    trained = trained_models(warehouse, panels, _months(context))
    return _result(
        (
            each.month,
            [] if each.stored.metrics["converged"] else ["training did not converge; raise max_iter"],
        )
        for each in trained
    )


@dg.asset_check(asset=regime_labels, blocking=True, description="Probabilities lie in [0, 1] and sum to one.")
def probabilities_are_probabilities(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
) -> dg.AssetCheckResult:
    """The regimes of each month keep to their schema."""
    store = warehouse.regimes()

    def check(month: str) -> list[str]:
        day = as_of_day(month).date()
        return violations(regimes_schema(list(store.last_call(day).probabilities)), store.load(day))

    return _result((month, check(month)) for month in _months(context))


def _months(context: dg.AssetCheckExecutionContext) -> list[str]:
    return list(context.op_execution_context.partition_keys)


def _result(found: Iterable[tuple[str, list[str]]]) -> dg.AssetCheckResult:
    """Failed when any month has a violation; the first ones are named."""
    lines = [f"{month[:7]}: {line}" for month, messages in found for line in messages]
    return dg.AssetCheckResult(
        passed=not lines,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(lines[:SHOWN]) or "every month keeps to the rule",
        metadata={"violations": len(lines)},
    )


CHECKS = [
    snapshot_is_usable,
    panel_is_trainable,
    model_converged,
    probabilities_are_probabilities,
]
