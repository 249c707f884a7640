"""The stationary panel, as known at each month end."""

from collections.abc import Iterator

import dagster as dg

from macro_cycle.assets.monthly import MONTHLY, MonthResult, report_months
from macro_cycle.assets.sources import as_of_frames, fred_series
from macro_cycle.features import FeatureSet, build_panel, default_feature_set
from macro_cycle.features.store import PanelStore, content_version
from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource
from macro_cycle.warehouse import Warehouse

FEATURES = default_feature_set()
PANEL_COLUMNS = dg.TableSchema(
    columns=[dg.TableColumn("reference_month", "timestamp", "month that the row describes")]
    + [
        dg.TableColumn(f.name, "double", f"{', '.join(f.series_ids)}: stationary, up is good; role {f.role}")
        for f in FEATURES.features
    ]
)
PANEL_LINEAGE = dg.TableColumnLineage(
    {
        f.name: [dg.TableColumnDep(fred_series.key, column) for column in ("series_id", "date", "value")]
        for f in FEATURES.features
    }
)


@dg.asset(
    deps=[fred_series],
    group_name="features",
    owners=["team:research"],
    kinds={"pandas", "parquet"},
    metadata={"dagster/column_schema": PANEL_COLUMNS, "dagster/column_lineage": PANEL_LINEAGE},
    **MONTHLY,
)
def macro_features(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, panels: PanelResource
) -> Iterator[dg.MaterializeResult]:
    """Stationary panel as known at the end of the month: one row per reference month, one column per feature.

    NaN where a value was not yet published; nothing is filled, dropped or scaled.
    """
    catalog = Catalog.load(load_settings().data.catalog_path)
    built = _panels(warehouse.observations(), panels.store(), catalog, FEATURES, context.partition_keys)
    yield from report_months(context, built)


def _panels(
    store: Warehouse, panels: PanelStore, catalog: Catalog, features: FeatureSet, months: list[str]
) -> Iterator[MonthResult]:
    for month, known in as_of_frames(store, months, list(features.series_ids)):
        panel = build_panel(known, catalog, features)
        panels.write(month, panel)
        newest = panel.iloc[-1]
        yield (
            month,
            dg.MaterializeResult(
                data_version=dg.DataVersion(content_version(panel)),
                metadata={
                    "dagster/row_count": len(panel),
                    "features": panel.shape[1],
                    "newest_reference_month": f"{panel.index[-1]:%Y-%m}",
                    "missing_share": float(panel.isna().to_numpy().mean()),
                    "missing_in_newest_month": int(newest.isna().sum()),
                    "newest_row": dg.MetadataValue.md(newest.rename("value").to_frame().to_markdown()),
                },
            ),
        )
