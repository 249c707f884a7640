"""The hidden Markov model of each month end."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.assets.features import FEATURES, macro_features
from macro_cycle.assets.monthly import MONTHLY, report_months
from macro_cycle.features.store import content_version
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.mlflow import RegistryResource
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource
from macro_cycle.training.train import Trained, hmm_config, train_or_reuse

if TYPE_CHECKING:
    from macro_cycle.registry.registry import RegisteredVersion


@dg.asset(
    deps=[macro_features],
    group_name="model",
    owners=["team:research"],
    kinds={"numba", "mlflow"},
    **MONTHLY,
)
def regime_model(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    panels: PanelResource,
    registry: RegistryResource,
) -> Iterator[dg.MaterializeResult]:
    """Hidden Markov model trained on the panel of the month, logged and registered in MLflow.

    The same panel under the same configuration is never trained twice; the data version is the model's.
    """
    trained = trained_models(warehouse, panels, context.partition_keys)
    with registry.logging(context) as log:
        yield from report_months(context, ((each.month, _result(each, log(each))) for each in trained))


def trained_models(warehouse: WarehouseResource, panels: PanelResource, months: list[str]) -> Iterator[Trained]:
    """The model of each month's panel under the present configuration."""
    store = panels.store()
    versioned = ((month, content_version(panel), panel) for month in months for panel in [store.read(month)])
    return train_or_reuse(warehouse.models(), versioned, hmm_config(load_settings().model, FEATURES))


def _result(trained: Trained, logged: "RegisteredVersion") -> dg.MaterializeResult:
    model = trained.model
    durations = dict(zip(model.labels, model.expected_durations, strict=True))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(trained.stored.model_version),
        metadata={
            **{name: float(value) for name, value in trained.stored.metrics.items()},
            **{f"expected_months_in_{label.lower()}": float(months) for label, months in durations.items()},
            "model_version": trained.stored.model_version,
            "mlflow_version": logged.version,
            "mlflow_run_id": logged.run_id,
            "reused": trained.reused,
        },
    )
