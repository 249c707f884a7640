"""Named jobs over the graph."""

import dagster as dg

whole_graph = dg.define_asset_job(
    "whole_graph",
    selection=dg.AssetSelection.all(),
    description="Every asset, for one month or, with a range, for many months in one run.",
)
