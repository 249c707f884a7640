"""From a trained model to an answer over HTTP: the gate, the feature store and the endpoint.

These act for the newest month only. For an older month they record what they would have done and touch nothing
that serves.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.assets.features import macro_features
from macro_cycle.assets.monthly import MONTHLY, MonthResult, report_months
from macro_cycle.assets.promotion import champion, not_newest
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.features.store import PanelStore
from macro_cycle.platform.months import as_of_day, open_month
from macro_cycle.resources.feast import FeatureStoreResource
from macro_cycle.resources.kserve import EndpointResource
from macro_cycle.resources.mlflow import RegistryResource
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource
from macro_cycle.warehouse.records import ServedAnswer, ServedStore
from macro_cycle.warehouse.regimes import RegimeStore

if TYPE_CHECKING:
    from macro_cycle.registry.registry import RegisteredVersion
    from macro_cycle.serving.deployers import Deployment

BATCH = 50


@dg.asset(
    deps=[macro_features, regime_labels],
    group_name="serving",
    owners=["team:ml-platform"],
    kinds={"feast", "postgres"},
    **MONTHLY,
)
def feast_materialization(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    panels: PanelResource,
    features: FeatureStoreResource,
) -> Iterator[dg.MaterializeResult]:
    """The month's newest features and regime probabilities in Feast's offline store; online, the newest month's."""
    rows = _stored(features, panels.store(), warehouse.regimes(), context.partition_keys)
    yield from report_months(context, rows)


def _stored(
    features: FeatureStoreResource, panels: PanelStore, regimes: RegimeStore, months: list[str]
) -> Iterator[MonthResult]:
    store, remaining = features.store(), iter(months)
    while batch := list(islice(remaining, BATCH)):
        rows = []
        for month in batch:
            day = as_of_day(month).date()
            newest = panels.read(month).iloc[-1]
            rows.append(features.row(newest, regimes.newest_row(day), regimes.last_call(day)))
        added = store.write_offline(rows)
        if batch[-1] == open_month():
            store.materialize_online(rows[-1].as_of)
        for month, row in zip(batch, rows, strict=True):
            metadata = {"rows_added_by_batch": added, "online": month == open_month()}
            yield (
                month,
                dg.MaterializeResult(data_version=dg.DataVersion(row.data_version), metadata=metadata),
            )


@dg.asset(
    deps=[champion, regime_labels], group_name="serving", owners=["team:ml-platform"], kinds={"kserve"}, **MONTHLY
)
def kserve_deployment(
    context: dg.AssetExecutionContext,
    registry: RegistryResource,
    endpoint: EndpointResource,
    warehouse: WarehouseResource,
) -> Iterator[dg.MaterializeResult]:
    """The endpoint serving the champion, verified by a real prediction; the alias moves after that."""
    results = (
        (
            month,
            _deploy(registry, endpoint, warehouse.served())
            if month == open_month()
            else not_newest("Nothing was deployed."),
        )
        for month in context.partition_keys
    )
    yield from report_months(context, results)


def _deploy(registry: RegistryResource, endpoint: EndpointResource, served: ServedStore) -> dg.MaterializeResult:
    from macro_cycle.registry.registry import CHAMPION

    store = registry.registry()
    with endpoint.exclusive():
        version = store.challenger() or store.champion()
        if version is None:
            raise dg.Failure("no model has passed the gate yet; see the verdict of the asset champion")
        deployment = endpoint.deployer().deploy(store.bundle(version))
        store.set_alias(CHAMPION, version)
    served.append(_answered(version, deployment))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.model_version),
        metadata={
            "endpoint": dg.MetadataValue.url(deployment.endpoint),
            "model_version": version.model_version,
            "mlflow_version": version.version,
            "label": deployment.label,
            "recession_probability": deployment.recession_probability,
            "verified": "V1 and V2 answered with the stored probabilities",
        },
    )


def _answered(version: "RegisteredVersion", deployment: "Deployment") -> ServedAnswer:
    return ServedAnswer(
        as_of=date.fromisoformat(version.as_of),
        model_version=version.model_version,
        registry_version=version.version,
        endpoint=deployment.endpoint,
        label=deployment.label,
        recession_probability=deployment.recession_probability,
    )
