"""The track record of all calls."""

import dagster as dg
import pandas as pd

from macro_cycle.assets.charts import as_metadata
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.automation.conditions import on_new_calls
from macro_cycle.features.store import content_version
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import now
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.warehouse import WarehouseResource


@dg.asset(
    deps=[regime_labels],
    group_name="evaluation",
    owners=["team:research"],
    kinds={"postgres", "python"},
    tags={"domain": "macro"},
    metadata={"dagster/table_name": "warehouse.evaluations"},
    automation_condition=on_new_calls(),
)
def real_time_evaluation(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
    """How well the calls dated the cycle, beside the Sahm rule, the term spread and an activity index.

    Scored are the months that the NBER has settled; the command `macro-cycle report` writes it as a page.
    """
    from macro_cycle.evaluation import charts
    from macro_cycle.evaluation.baselines import baselines
    from macro_cycle.evaluation.scoring import evaluate_calls

    catalog = Catalog.load(load_settings().data.catalog_path)
    rules = [rival for rival in baselines(catalog) if rival.requires is None]
    document, calls = evaluate_calls(warehouse.observations(), rules, now().normalize())
    version, newest = content_version(calls), calls.index[-1] + pd.offsets.MonthEnd(0)
    warehouse.evaluations().append(newest.date(), version, document)
    table = pd.DataFrame(document["figures"]).drop(columns="name")
    model = {name: value for name, value in document["figures"][0].items() if isinstance(value, int | float)}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            **model,
            "label_changes_median": document["label_changes"]["median"],
            "figures": dg.MetadataValue.md(table.to_markdown(index=False, floatfmt=".4f")),
            "recessions": dg.MetadataValue.md(pd.DataFrame(document["recessions"]).to_markdown(index=False)),
            "calls": as_metadata(charts.record_chart(calls)),
            "calibration": as_metadata(charts.calibration_chart(document["calibration"])),
        },
    )
