"""The default model inside real FRED-MD vintages: the walk-forward of each file, as that day's history had it.

usage: python -m benchmarks.default_model.vintages FOLDER [months between re-estimations, default 1]
"""

import sys
from pathlib import Path

import pandas as pd

from benchmarks.default_model.walk_forward import CATALOG, Experiment, as_known, default_config, figures, walk_forward
from macro_cycle.features import default_feature_set
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.sources.fred_md_file import VintageFile
from macro_cycle.sources.undated import with_publication_lags


def walk(vintage: VintageFile, every: int = 1) -> dict[str, float | str]:
    """Figures of the months up to the vintage's own, its values dated by publication lags."""
    features = default_feature_set()
    table = vintage.read(features.series_ids)
    values = table.rename_axis("date").melt(ignore_index=False, var_name="series_id").dropna().reset_index()
    dated = with_publication_lags(values, CATALOG, vintage.known_on)
    end = f"{vintage.month.to_timestamp():%Y-%m-%d}"
    experiment = Experiment("default", features, default_config(features), every)
    return figures(walk_forward(experiment, as_known(dated), end=end))


def main() -> None:
    """One row per vintage of the folder."""
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for vintage in FredMd(Path(sys.argv[1]), CATALOG).vintages:
        row = pd.DataFrame([walk(vintage, every)], index=[str(vintage.month)])
        print(row.round(4).to_string(), flush=True)


if __name__ == "__main__":
    main()
