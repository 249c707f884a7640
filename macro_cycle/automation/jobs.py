"""Named jobs over the graph of a cycle; each bears the cycle's code before its name, and as a tag."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from macro_cycle.resources.mlflow_run import CYCLE_TAG, end_mlflow_run

DESCRIPTIONS = {
    "whole_graph": "Every asset, for one month or, with a range, for many months in one run: a range fetches nothing.",
    "fetch": "What the source has new, and the panel; what follows runs by its automation condition.",
    "train_one_month": "Fetch, panel and model of one month in one MLflow run; nothing is judged or deployed.",
    "decide": "The decision on the open month's model, by the gate or by hand, and what serves upon it.",
}


def job_name(cycle: str, kind: str) -> str:
    """The name of a cycle's job of a kind of `DESCRIPTIONS`."""
    return f"{cycle}_{kind}"


def jobs(cycle: str, series: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The jobs of a cycle, by kind; series: the keys of its series."""
    fetched = dg.AssetSelection.assets(*series)

    def assets(*names: str) -> dg.AssetSelection:
        return dg.AssetSelection.assets(*([cycle, name] for name in names))

    selections: Mapping[str, dg.AssetSelection] = {
        "whole_graph": fetched | dg.AssetSelection.key_prefixes([cycle]),
        "fetch": fetched | assets("fred_series", "macro_features"),
        "train_one_month": assets("regime_model").upstream(),
        "decide": assets("champion", "kserve_deployment", "current", "published_record"),
    }
    return {
        kind: dg.define_asset_job(
            job_name(cycle, kind),
            selection=selection,
            description=DESCRIPTIONS[kind],
            tags={CYCLE_TAG: cycle},
            hooks={end_mlflow_run} if kind == "train_one_month" else None,
        )
        for kind, selection in selections.items()
    }
