"""The walk-forward experiment behind the default model: what it says at each month end."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from macro_cycle.evaluation.metrics import auroc, brier, call_delays, false_alarm_share, label_change_share
from macro_cycle.evaluation.nber import RECESSIONS, recession_indicator
from macro_cycle.features import Catalog, FeatureSet, build_panel, default_feature_set
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows
from macro_cycle.sources.sample import Sample

CATALOG = Catalog.load()
SINCE_1973 = tuple(recession for recession in RECESSIONS if recession.peak >= pd.Timestamp("1973"))


@dataclass(frozen=True)
class Experiment:
    """One row of the comparison: features, model, and the months of re-estimation (1 = every month end)."""

    name: str
    features: FeatureSet
    config: HMMConfig
    every: int = 1


@dataclass(frozen=True)
class WalkForward:
    """Calls by as-of month (`reference_month`, `probability`), labels of each partition, the last model."""

    calls: pd.DataFrame
    labels: list[pd.Series]
    model: MacroCycleHMM
    panel: pd.DataFrame


@cache
def sample_observations() -> pd.DataFrame:
    """The bundled sample's whole history, dated by publication lags."""
    sample = Sample(CATALOG)
    return sample.observations(sample.available())


def default_config(features: FeatureSet | None = None, **options: object) -> HMMConfig:
    """The default model of these features, some options changed."""
    return HMMConfig(roles=dict((features or default_feature_set()).roles)).replace(**options)


def walk_forward(
    experiment: Experiment,
    observations: pd.DataFrame | None = None,
    start: str = "1970-01-01",
    end: str = "2026-07-01",
) -> WalkForward:
    """Build the panel, re-estimate and filter at the end of every month from `start` to `end`."""
    observations = sample_observations() if observations is None else observations
    months = pd.date_range(start, end, freq="MS")
    panels = [_panel(observations, month, experiment.features) for month in months]
    fitted = fit_windows(panels[:: experiment.every], experiment.config, chain=False)
    models = [fitted[i // experiment.every] for i in range(len(panels))]
    regimes = [model.regimes(panel) for model, panel in zip(models, panels, strict=True)]
    newest = [frame.iloc[-1] for frame in regimes]
    calls = pd.DataFrame(
        {
            "reference_month": [frame.index[-1] for frame in regimes],
            "probability": [float(row["recession_probability"]) for row in newest],
        },
        index=months,
    )
    return WalkForward(calls, [frame["label"] for frame in regimes], models[-1], panels[-1])


def figures(run: WalkForward) -> dict[str, float | str]:
    """The table of figures: discrimination, calibration, false alarms, delays and stability."""
    probability = run.calls["probability"]
    recession = recession_indicator(pd.DatetimeIndex(run.calls["reference_month"])).to_numpy()
    delays = call_delays(probability, SINCE_1973)
    pairs = zip(run.labels[:-1], run.labels[1:], run.calls.index[1:], strict=True)
    return {
        "auroc": auroc(probability, recession),
        "brier": brier(probability, recession),
        "false_alarms": false_alarm_share(probability, recession),
        "delays": " ".join("-" if np.isnan(d) else f"{d:.0f}" for d in delays),
        "label_changes": float(np.median([label_change_share(a, b, month) for a, b, month in pairs])),
        "in_sample_auroc": _in_sample(run),
    }


def _in_sample(run: WalkForward) -> float:
    """AUROC of the filtered probabilities under the last month's own estimate, over the same months."""
    probability = run.model.regimes(run.panel)["recession_probability"]
    probability = probability[pd.DatetimeIndex(run.calls["reference_month"])[0] :]
    return auroc(probability, recession_indicator(pd.DatetimeIndex(probability.index)))


def _panel(observations: pd.DataFrame, month: pd.Timestamp, features: FeatureSet) -> pd.DataFrame:
    known = observations[observations["realtime_start"] <= month + pd.offsets.MonthEnd(0)]
    return build_panel(known, CATALOG, features)
