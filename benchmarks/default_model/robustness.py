"""The default model under injected faults: an outlier of 20 robust sigmas, a missing series, a rebased series."""

import numpy as np
import pandas as pd

from benchmarks.default_model.walk_forward import (
    Experiment,
    as_known,
    default_config,
    figures_of_calls,
    sample_observations,
    walk_forward,
)
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.observations.robust import NORMAL_IQR

FAULT = pd.Timestamp("1968-05-01")
SIGMAS = 20.0


def faults() -> dict[str, pd.DataFrame]:
    """Name -> the sample's observations with one fault; the outlier and the break lie in every window."""
    clean = sample_observations()
    out = {"none": clean}
    for series_id in shipped().features.series_ids:
        out[f"20-sigma outlier in {series_id}"] = _scaled(clean, series_id, clean["date"] == FAULT)
        out[f"without {series_id}"] = clean[clean["series_id"] != series_id]
        out[f"break in the base of {series_id}"] = _scaled(clean, series_id, clean["date"] < FAULT)
    return out


def _scaled(observations: pd.DataFrame, series_id: str, months: pd.Series) -> pd.DataFrame:
    """The series moved by `SIGMAS` robust standard deviations of its log changes in these months."""
    of_series = observations["series_id"] == series_id
    changes = np.log(observations.loc[of_series].set_index("date")["value"]).diff()
    sigma = (changes.quantile(0.75) - changes.quantile(0.25)) / NORMAL_IQR
    moved = observations["value"] * np.exp(SIGMAS * sigma)
    return observations.assign(value=observations["value"].mask(of_series & months, moved))


def aurocs(every: int = 12) -> dict[str, float]:
    """AUROC under each fault, re-estimated every so many months."""
    features = shipped().features
    experiment = Experiment("default", features, default_config(features), every)
    runs = ((name, walk_forward(experiment, as_known(frame))) for name, frame in faults().items())
    return {name: figures_of_calls(run.calls)["auroc"] for name, run in runs}


def fault_figures() -> list[Figure]:
    """The largest fall of AUROC among the faults, and the AUROC under each."""
    found = aurocs()
    return [
        figure("worst fall of AUROC under a fault", found["none"] - min(found.values()), "", "<= 0.01"),
        *(figure(f"AUROC, re-estimated yearly, fault: {name}", value, "") for name, value in found.items()),
    ]
