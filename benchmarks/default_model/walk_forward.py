"""The walk-forward experiment behind the default model: what it says at each month end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
import pandas as pd

from macro_cycle.cycles import shipped
from macro_cycle.evaluation.metrics import auroc, brier, call_delays, false_alarm_share, label_change_share
from macro_cycle.evaluation.stationary_chain import stationary_chain
from macro_cycle.features import FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows
from macro_cycle.observations import Catalog
from macro_cycle.sources.sample import Sample

CATALOG, NBER = Catalog.load(), shipped().chronology
SINCE_1973 = tuple(recession for recession in NBER.recessions if recession.peak >= pd.Timestamp("1973"))
START, END = "1970-01-01", "2026-07-01"
HORIZON = 12
HALF = pd.Timestamp("1995-01-01")

Panels = Callable[[FeatureSet, pd.DatetimeIndex], list[pd.DataFrame]]
"""Features and months (month starts) -> the panel as known at each month's end."""


@dataclass(frozen=True)
class Experiment:
    """One row of the comparison: features, model, and the months of re-estimation (1 = every month end)."""

    name: str
    features: FeatureSet
    config: HMMConfig
    every: int = 1


@dataclass(frozen=True)
class WalkForward:
    """Calls by as-of month (`reference_month`, `probability`), labels, model and panel of each partition."""

    calls: pd.DataFrame
    labels: list[pd.Series]
    models: list[MacroCycleHMM]
    panels: list[pd.DataFrame]

    @property
    def model(self) -> MacroCycleHMM:
        """The last month's."""
        return self.models[-1]

    @property
    def panel(self) -> pd.DataFrame:
        """As known in the last month."""
        return self.panels[-1]

    @property
    def newest(self) -> pd.DatetimeIndex:
        """The reference month of each call."""
        return pd.DatetimeIndex(self.calls["reference_month"])

    @cached_property
    def phases(self) -> pd.DataFrame:
        """What each call said, by reference month: a column of probability for each phase, and `label`."""
        told = [model.phases(panel)[-1] for model, panel in zip(self.models, self.panels, strict=True)]
        said = pd.DataFrame(told, self.newest, list(self.model.labels))
        return said.assign(label=[labels.iloc[-1] for labels in self.labels])

    @cached_property
    def foreseen(self) -> Mapping[str, pd.DataFrame]:
        """By reference month, of 1, ..., 12 months (columns): that a recession `begins` within or is under way then.

        The latter is `recession`; `chain_begins` and `chain_recession` are the same by the stationary chain.
        """
        asked = list(zip(self.models, self.panels, strict=True))
        ahead = [model.forecast(panel, HORIZON) for model, panel in asked]
        chain = [stationary_chain(model, panel, HORIZON) for model, panel in asked]
        said = {
            "begins": [each.recession_begins for each in ahead],
            "recession": [each.recession_probability for each in ahead],
            "chain_begins": [each.begins for each in chain],
            "chain_recession": [each.recession for each in chain],
        }
        return {name: pd.DataFrame(rows, self.newest, range(1, HORIZON + 1)) for name, rows in said.items()}


@cache
def sample_observations() -> pd.DataFrame:
    """The bundled sample's whole history, dated by publication lags."""
    sample = Sample(CATALOG)
    return sample.observations(sample.available())


def as_known(observations: pd.DataFrame) -> Panels:
    """The panels of observations that are never revised."""
    history = observations.assign(realtime_end=pd.NaT)

    def panels(features: FeatureSet, months: pd.DatetimeIndex) -> list[pd.DataFrame]:
        known = RealTimePanels(history, CATALOG, features)
        return [known.on(end) for end in months + pd.offsets.MonthEnd(0)]

    return panels


@cache
def the_sample() -> Panels:
    """The panels of the bundled sample."""
    return as_known(sample_observations())


def default_config(features: FeatureSet | None = None, **options: object) -> HMMConfig:
    """The default model of these features, some options changed."""
    return shipped().hmm_config(features=features, **options)


def walk_forward(
    experiment: Experiment, known: Panels | None = None, start: str = START, end: str = END
) -> WalkForward:
    """Build the panel, re-estimate and filter at the end of every month from `start` to `end`."""
    panels = panels_of(experiment.features, known or the_sample(), start, end)
    fitted = fit_windows(panels[:: experiment.every], experiment.config, chain=False)
    models = [fitted[i // experiment.every] for i in range(len(panels))]
    filtered = [model.filter(panel).filtered_probs for model, panel in zip(models, panels, strict=True)]
    calls = pd.DataFrame(
        {
            "reference_month": [panel.index[-1] for panel in panels],
            "probability": [float(m.recession_probability(p[-1])) for m, p in zip(models, filtered, strict=True)],
        },
        index=pd.date_range(start, end, freq="MS"),
    )
    labels = [pd.Series(m.labels_of(p), panel.index) for m, p, panel in zip(models, filtered, panels, strict=True)]
    return WalkForward(calls, labels, models, panels)


@lru_cache(maxsize=4)
def panels_of(features: FeatureSet, known: Panels, start: str, end: str) -> list[pd.DataFrame]:
    """The panel of each month end; the last few sets are kept, for models that see the same ones."""
    return known(features, pd.date_range(start, end, freq="MS"))


def figures(run: WalkForward) -> dict[str, float | str]:
    """The table of figures: discrimination, calibration, false alarms, delays, stability, halves, in-sample."""
    pairs = zip(run.labels[:-1], run.labels[1:], run.calls.index[1:], strict=True)
    before, since = (figures_of_calls(run.calls[s]) for s in (run.calls.index < HALF, run.calls.index >= HALF))
    return {
        **figures_of_calls(run.calls),
        "delays": " ".join("-" if np.isnan(d) else f"{d:.0f}" for d in delays(run.calls)),
        "label_changes": float(np.median([label_change_share(a, b, month) for a, b, month in pairs])),
        "auroc_before_1995": before["auroc"],
        "brier_before_1995": before["brier"],
        "auroc_since_1995": since["auroc"],
        "brier_since_1995": since["brier"],
        "in_sample_auroc": in_sample(run)["auroc"],
        "in_sample_brier": in_sample(run)["brier"],
    }


def figures_of_calls(calls: pd.DataFrame, threshold: float = 0.5) -> dict[str, float]:
    """Discrimination, calibration and false alarms of calls (`reference_month`, `probability`)."""
    recession = NBER.recession_indicator(pd.DatetimeIndex(calls["reference_month"])).to_numpy()
    probability = calls["probability"]
    return {
        "auroc": auroc(probability, recession),
        "brier": brier(probability, recession),
        "false_alarms": false_alarm_share(probability, recession, threshold),
    }


def delays(calls: pd.DataFrame, threshold: float = 0.5) -> pd.Series:
    """Month ends until each recession since 1973 was called; NaN where it never was."""
    return call_delays(calls["probability"], SINCE_1973, threshold)


def in_sample(run: WalkForward) -> dict[str, float]:
    """Figures of the filtered probabilities under the last month's own estimate, over the same months."""
    probability = run.model.regimes(run.panel)["recession_probability"]
    probability = probability[pd.DatetimeIndex(run.calls["reference_month"])[0] :]
    return figures_of_calls(pd.DataFrame({"reference_month": probability.index, "probability": probability}))
