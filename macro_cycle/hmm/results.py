"""What the model answers: frozen records named by the maths. T months, K regimes, D features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class FilterResult:
    """filtered_probs (T, K): p(z_t | y_1:t); predicted_probs (T, K): p(z_t | y_1:t-1).

    log_likelihoods (T,): log p(y_t | y_1:t-1), a proper density whatever the discount, in standardised units.
    """

    filtered_probs: np.ndarray
    predicted_probs: np.ndarray
    log_likelihoods: np.ndarray
    index: pd.Index

    @property
    def log_likelihood(self) -> float:
        """log p(y_1:T)."""
        return float(self.log_likelihoods.sum())


@dataclass(frozen=True)
class PresentResult(FilterResult):
    """What the filter knew, and of the last month: phases (K,), recession_ahead (H,) 1 to H months on."""

    phases: np.ndarray
    recession_ahead: np.ndarray


@dataclass(frozen=True)
class SmoothResult(FilterResult):
    """What the filter knew, with hindsight: smoothed_probs (T, K): p(z_t | y_1:T).

    expected_transitions (K, K): sum over t of p(z_t-1 = i, z_t = j | y_1:T).
    """

    smoothed_probs: np.ndarray
    expected_transitions: np.ndarray


@dataclass(frozen=True)
class PathResult:
    """The most probable path (Viterbi): states (T,), the names (K,) of all regimes, log p(path, y)."""

    states: np.ndarray
    regimes: tuple[str, ...]
    log_probability: float
    index: pd.Index

    @property
    def labels(self) -> np.ndarray:
        """(T,) the states' names."""
        return np.array(self.regimes, dtype=object)[self.states]


@dataclass(frozen=True)
class ForecastResult:
    """What the model expects in the next months.

    regime_probs (h, K): p(z_T+h | y_1:T); recession_probability (h,); recession_begins (h,): that a recession begins
    within so many months (one under way does not count); feature_mean and feature_std (h, D): the
    predictive mixture's moments in panel units, uncertain about both the regime and the noise.
    """

    regime_probs: np.ndarray
    recession_probability: np.ndarray
    recession_begins: np.ndarray
    feature_mean: np.ndarray
    feature_std: np.ndarray
    index: pd.Index


@dataclass(frozen=True)
class Band:
    """A probability under doubt about the parameters: low and high end of its credible interval, median, mean.

    The mean is the probability itself with the parameters integrated out.
    """

    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True)
class RegimeBands:
    """filtered_probs, smoothed_probs: bands (T, K); recession_filtered, recession_smoothed: bands (T,).

    level: share of the posterior between low and high.
    """

    level: float
    filtered_probs: Band
    smoothed_probs: Band
    recession_filtered: Band
    recession_smoothed: Band
    index: pd.Index


@dataclass(frozen=True)
class ForecastBands:
    """regime_probs: bands (h, K) of p(z_T+h | y_1:T); recession_probability: bands (h,)."""

    level: float
    regime_probs: Band
    recession_probability: Band
    index: pd.Index


@dataclass(frozen=True)
class StartOutcome:
    """Where one start of the search ended; failure: why it was left aside, and then there is no objective."""

    name: str
    objective: float | None
    n_iter: int
    converged: bool
    failure: str = ""

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict; without a failure if there was none."""
        return {name: value for name, value in asdict(self).items() if name != "failure" or value}


@dataclass(frozen=True)
class Convergence:
    """How the search went.

    objective: penalised log-likelihood of the kept fit; history: its objective at each iteration.
    starts: all that were tried, those that failed included.
    basin_gap: what the search found beyond the first start that did not fail (the warm start when there is one); 0 when
    that start won. A first start that lost the order of the cycle does not count: the gap is then measured from
    the worst that kept it.
    warnings: plain words for people; empty when all is well.
    """

    converged: bool
    n_iter: int
    objective: float
    history: tuple[float, ...]
    starts: tuple[StartOutcome, ...]
    basin_gap: float
    warnings: tuple[str, ...]

    def with_warnings(self, more: tuple[str, ...]) -> Convergence:
        """The report with further warnings."""
        return replace(self, warnings=self.warnings + more)

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        lists = {"history": list(self.history), "starts": [s.to_document() for s in self.starts]}
        return {**asdict(self), **lists, "warnings": list(self.warnings)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Convergence:
        """The report that `to_document` wrote."""
        return cls(
            **{
                **document,
                "history": tuple(document["history"]),
                "starts": tuple(StartOutcome(**s) for s in document["starts"]),
                "warnings": tuple(document["warnings"]),
            }
        )
