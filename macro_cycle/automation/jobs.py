"""Named jobs over the graph."""

import dagster as dg

from macro_cycle.resources.mlflow_run import end_mlflow_run

whole_graph = dg.define_asset_job(
    "whole_graph",
    selection=dg.AssetSelection.all(),
    description="Every asset, for one month or, with a range, for many months in one run.",
)

fetch = dg.define_asset_job(
    "fetch",
    selection=dg.AssetSelection.assets("fred_series", "macro_features"),
    description="What the source has new, and the panel; what follows runs by its automation condition.",
)

train_one_month = dg.define_asset_job(
    "train_one_month",
    selection=dg.AssetSelection.assets("regime_model").upstream(),
    hooks={end_mlflow_run},
    description="Fetch, panel and model of one month in one MLflow run; nothing is judged or deployed.",
)

decide = dg.define_asset_job(
    "decide",
    selection=dg.AssetSelection.assets("champion", "kserve_deployment", "current", "published_record"),
    description="The decision on the open month's model, by the gate or by hand, and what serves upon it.",
)
