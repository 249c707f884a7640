"""The default model inside real FRED-MD vintages, and over them in real time.

Each file is walked forward to its own month, its values dated by publication lags, and measured as the sample is. In
real time a file gives one answer, about its newest month, by the model estimated on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.declared.walks import vintage_walks
from benchmarks.default_model.bands import band_figures
from benchmarks.default_model.days import day_figures
from benchmarks.default_model.forecasts import SPREAD, forecast_figures
from benchmarks.default_model.phases import phase_figures
from benchmarks.default_model.walk_forward import (
    CATALOG,
    Experiment,
    as_known,
    default_config,
    delays,
    figures,
    figures_of_calls,
    walk_forward,
)
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.features import build_panel
from macro_cycle.hmm import fit_windows
from macro_cycle.hmm.revisions import RevisionSizes
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.sources.fred_md_file import VintageFile
from macro_cycle.sources.undated import with_publication_lags

AUROC, BRIER = partial(figure, unit="", target=">= 0.998"), partial(figure, unit="", target="<= 0.011")
CONTESTED_EVERY = 6  # of the contested months, one whose band is made
PROBIT_EVERY = 12  # month ends from one estimate of the rival to the next


class Vintage(NamedTuple):
    """What one file knew, dated by publication lags; `month` is its own, a month start."""

    month: pd.Timestamp
    observations: pd.DataFrame


def vintages_in(folder: Path) -> list[Vintage]:
    """The folder's files, oldest first; raises MacroCycleError where there is none, or one cannot be read."""
    return [Vintage(vintage.month.to_timestamp(), _dated(vintage)) for vintage in FredMd(folder, CATALOG).vintages]


def vintage_figures(folder: Path) -> list[Figure]:
    """In real time over the files; the files' mean; then of each file what has a target."""
    vintages = vintages_in(folder)
    walks = dict(vintage_walks(folder, every=1))
    found = {f"{each.month:%Y-%m}": _inside(each) for each in vintages}
    days = {f"{each.month:%Y-%m}": day_figures(walks[f"{each.month:%Y-%m}"], each.observations) for each in vintages}
    return [
        *_real_time(vintages),
        AUROC("inside the vintages: AUROC, mean", _mean(found, "AUROC")),
        BRIER("inside the vintages: Brier score, mean", _mean(found, "Brier score")),
        *(
            replace(row, figure=f"{month}: {row.figure}")
            for month in found
            for row in [*found[month], *days[month]]
            if row.target
        ),
    ]


def _dated(vintage: VintageFile) -> pd.DataFrame:
    table = vintage.read(sorted({*shipped().features.series_ids, *SPREAD}))
    values = table.rename_axis("date").melt(ignore_index=False, var_name="series_id").dropna().reset_index()
    return with_publication_lags(values, CATALOG, vintage.known_on)


def _inside(vintage: Vintage) -> list[Figure]:
    features = shipped().features
    experiment = Experiment("default", features, default_config(features))
    run = walk_forward(experiment, as_known(vintage.observations), end=f"{vintage.month:%Y-%m-%d}")
    found, months = figures(run), delays(run.calls)
    return [
        AUROC("AUROC", float(found["auroc"])),
        BRIER("Brier score", float(found["brier"])),
        figure("expansion months called recession", 100 * float(found["false_alarms"]), "%", "<= 1.5"),
        figure("slowest call", float(months.dropna().max()), "month ends after the first month", "<= 4"),
        figure("labels changed, median", 100 * float(found["label_changes"]), "%", "<= 0.5"),
        *phase_figures(run, vintage.month),
        *forecast_figures(run, vintage.observations, vintage.month, PROBIT_EVERY),
        *band_figures(run, RevisionSizes.none(run.model.emitted), CONTESTED_EVERY),
    ]


def _mean(found: dict[str, list[Figure]], name: str) -> float:
    return float(np.mean([row.value for rows in found.values() for row in rows if row.figure == name]))


def _real_time(vintages: Sequence[Vintage]) -> list[Figure]:
    """Distinct reference months, each at its first answer; no AUROC, nor a target, where all are of one kind."""
    calls = pd.DataFrame(_answers(vintages), columns=["reference_month", "probability"])
    calls = calls.drop_duplicates("reference_month")
    found = figures_of_calls(calls)
    note = f"of {len(calls)} months"
    if np.isnan(found["auroc"]):
        return [figure("in real time over the vintages: Brier score", found["brier"], f"{note}, all of one kind")]
    return [
        AUROC("in real time over the vintages: AUROC", found["auroc"], unit=note),
        BRIER("in real time over the vintages: Brier score", found["brier"], unit=note),
    ]


def _answers(vintages: Sequence[Vintage]) -> Iterator[tuple[pd.Timestamp, float]]:
    features = shipped().features
    panels = [build_panel(vintage.observations, CATALOG, features) for vintage in vintages]
    models = fit_windows(panels, default_config(features), chain=False)
    for model, panel in zip(models, panels, strict=True):
        yield panel.index[-1], float(model.recession_probability(model.nowcast(panel)))
