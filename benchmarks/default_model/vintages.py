"""The default model inside real FRED-MD vintages: the walk-forward of each file, as that day's history had it.

Prints, vintage by vintage, what the suite prints of the sample: calls, phases, and the onset foreseen.

usage: python -m benchmarks.default_model.vintages FOLDER [months between re-estimations, default 1]
"""

import sys
from pathlib import Path

import pandas as pd

from benchmarks.default_model.phases import SPREAD, onset_figures, phase_figures
from benchmarks.default_model.walk_forward import CATALOG, Experiment, as_known, default_config, figures, walk_forward
from macro_cycle.cycles import shipped
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.sources.fred_md_file import VintageFile
from macro_cycle.sources.undated import with_publication_lags


def walk(vintage: VintageFile, every: int = 1) -> dict[str, float | str]:
    """Figures of the months up to the vintage's own, its values dated by publication lags."""
    features = shipped().features
    table = vintage.read(sorted({*features.series_ids, *SPREAD}))
    values = table.rename_axis("date").melt(ignore_index=False, var_name="series_id").dropna().reset_index()
    dated = with_publication_lags(values, CATALOG, vintage.known_on)
    end = f"{vintage.month.to_timestamp():%Y-%m-%d}"
    experiment = Experiment("default", features, default_config(features), every)
    run = walk_forward(experiment, as_known(dated), end=end)
    day = pd.Timestamp(end)
    found = [*phase_figures(run, day), *onset_figures(run, dated, day)]
    return {**figures(run), **{f.figure: f.value for f in found}}


def main() -> None:
    """One row per vintage of the folder."""
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for vintage in FredMd(Path(sys.argv[1]), CATALOG).vintages:
        print(vintage.month)
        print(pd.Series(walk(vintage, every)).to_string(float_format="{:.4f}".format), flush=True)


if __name__ == "__main__":
    main()
