"""The default model under injected faults: an outlier of 20 robust sigmas, a missing series, a rebased series."""

import numpy as np
import pandas as pd

from benchmarks.default_model.walk_forward import (
    Experiment,
    as_known,
    default_config,
    figures,
    sample_observations,
    walk_forward,
)
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


def table(every: int = 12) -> pd.DataFrame:
    """One row of figures per fault, re-estimated every so many months."""
    features = shipped().features
    experiment = Experiment("default", features, default_config(features), every)
    return pd.DataFrame(
        {name: figures(walk_forward(experiment, as_known(frame))) for name, frame in faults().items()}
    ).T


def worst_fall(every: int = 12) -> float:
    """Largest loss of AUROC among the faults."""
    found = table(every)["auroc"].astype(float)
    return float(found["none"] - found.min())


if __name__ == "__main__":
    print(table().to_string())
