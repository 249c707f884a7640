"""Checks between the assets: what fails a blocking one never reaches a model, a store or the endpoint.

A check of a range judges each month as of its own end. Warnings never stop anything.
"""

from collections.abc import Iterable, Iterator

import dagster as dg

from macro_cycle.assets.features import FEATURES, macro_features
from macro_cycle.assets.model import regime_model, trained_models
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.assets.sources import fred_series
from macro_cycle.features.schema import panel_schema, regimes_schema, violations
from macro_cycle.observations import Catalog
from macro_cycle.observations.quality import Rule, findings, holding_on
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource

SHOWN = 10
USABLE = "Every feature's series is known; values are possible, on one base, one per period."
ON_TIME = "Every series' newest value came when it was due; none was skipped."
ORDINARY = "No value was withdrawn, rebased, or revised or changed beyond what is usual for its series."
SOURCE_CHECKS = [
    ("snapshot_is_usable", dg.AssetCheckSeverity.ERROR, [rule for rule in Rule if rule.blocks]),
    ("releases_are_on_time", dg.AssetCheckSeverity.WARN, [Rule.late, Rule.discontinued, Rule.gap]),
    (
        "revisions_are_ordinary",
        dg.AssetCheckSeverity.WARN,
        [Rule.withdrawn, Rule.rebased, Rule.large_revision, Rule.jump, Rule.foreign_dates],
    ),
]


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec("snapshot_is_usable", asset=fred_series, blocking=True, description=USABLE),
        dg.AssetCheckSpec("releases_are_on_time", asset=fred_series, description=ON_TIME),
        dg.AssetCheckSpec("revisions_are_ordinary", asset=fred_series, description=ORDINARY),
    ]
)
def source_checks(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """What the history of the features' series says of each month; see `features.quality`."""
    series_ids = list(FEATURES.series_ids)
    history = warehouse.observations().history(series_ids)
    found = findings(history, Catalog.load(load_settings().data.catalog_path), series_ids)
    for name, severity, rules in SOURCE_CHECKS:
        concerned = found[found["rule"].isin(rules)]
        lines = ((month, list(holding_on(concerned, as_of_day(month))["message"])) for month in _months(context))
        yield _result(lines, severity, name)


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


def _result(
    found: Iterable[tuple[str, list[str]]],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    check_name: str | None = None,
) -> dg.AssetCheckResult:
    """Failed when any month has a violation; the newest ones are named."""
    lines = [f"{month[:7]}: {line}" for month, messages in found for line in messages]
    shown = lines[: -SHOWN - 1 : -1] + ([f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
    return dg.AssetCheckResult(
        passed=not lines,
        check_name=check_name,
        severity=severity,
        description="\n".join(shown) or "every month keeps to the rule",
        metadata={"violations": len(lines)},
    )


CHECKS = [
    source_checks,
    panel_is_trainable,
    model_converged,
    probabilities_are_probabilities,
]
