"""What the cycle looked like at each month end, and the one answer given."""

from collections.abc import Iterator

import dagster as dg

from macro_cycle.assets.charts import as_metadata, regimes_chart
from macro_cycle.assets.features import macro_features
from macro_cycle.assets.model import regime_model, trained_models
from macro_cycle.assets.monthly import MONTHLY, MonthResult, report_months
from macro_cycle.features.store import content_version
from macro_cycle.platform.months import as_of_day
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource
from macro_cycle.training.train import Trained
from macro_cycle.warehouse.regimes import Call, RegimeStore

REGIME_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("reference_month", "date", "month that the probabilities are about"),
        dg.TableColumn("label", "text", "most probable regime, filtered"),
        dg.TableColumn("recession_probability", "double precision", "filtered mass of the contraction side"),
        dg.TableColumn("filtered_<label>", "double precision", "p(regime | panel up to the month)"),
        dg.TableColumn("smoothed_<label>", "double precision", "p(regime | the whole panel)"),
        dg.TableColumn("predicted_<label>", "double precision", "p(regime | panel up to the month before)"),
    ]
)


@dg.asset(
    deps=[macro_features, regime_model],
    group_name="regimes",
    owners=["team:research"],
    kinds={"postgres", "python"},
    metadata={"dagster/column_schema": REGIME_COLUMNS, "dagster/table_name": "warehouse.regimes"},
    **MONTHLY,
)
def regime_labels(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, panels: PanelResource
) -> Iterator[dg.MaterializeResult]:
    """Filtered, smoothed and predicted probability of each regime by reference month, as seen at the month end.

    The newest reference month's filtered probabilities are the call: the one answer given at that month end.
    """
    months = context.partition_keys
    trained = trained_models(warehouse, panels, months)
    yield from report_months(context, _labelled(warehouse.regimes(), trained, months[-1]))


def _labelled(store: RegimeStore, trained: Iterator[Trained], charted: str) -> Iterator[MonthResult]:
    for each in trained:
        frame = each.model.regimes(each.panel)
        version = content_version(frame)
        call = Call.newest_of(frame, as_of_day(each.month).date(), each.stored.model_version, version)
        store.save(frame, call)
        metadata = _figures(call, each)
        if each.month == charted:
            metadata["regimes"] = as_metadata(regimes_chart(frame, f"Regimes as known at the end of {each.month[:7]}"))
        yield each.month, dg.MaterializeResult(data_version=dg.DataVersion(version), metadata=metadata)


def _figures(call: Call, trained: Trained) -> dict[str, dg.MetadataValue]:
    shares = {f"p_{label.lower()}": dg.MetadataValue.float(p) for label, p in call.probabilities.items()}
    return {
        "label": dg.MetadataValue.text(call.label),
        "recession_probability": dg.MetadataValue.float(call.recession_probability),
        "reference_month": dg.MetadataValue.text(f"{call.reference_month:%Y-%m}"),
        "model_version": dg.MetadataValue.text(call.model_version),
        "dagster/row_count": dg.MetadataValue.int(len(trained.panel)),
        **shares,
    }
