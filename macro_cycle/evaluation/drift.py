"""Whether the model still fits the world: statistics for a few hundred months that depend on each other.

Each has a distribution under the model itself, so that its alarm level means what it says:

- surprise: how improbable the last months were, beside the same statistic over the model's whole history. Months are
  compared on the cells published in the newest one, and taken in overlapping runs of three, as they come.
- occupancy: share of the last ten years spent in each regime, against the stationary share, with the variance of a
  Markov chain's occupancy (Kemeny and Snell 1960, 4.6), not that of independent draws.
- stay: probability of a stay in a regime as long as the present one (stays are geometric).
- turns: number of changes of regime in the last ten years, against its exact distribution under the chain.
- calibration: mean excess of the probabilities given over what happened, with the variance that they imply.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM

RUN = 3
WINDOW = 120
FEWEST_SETTLED = 60
ALARM = 0.01


@dataclass(frozen=True)
class Statistic:
    """A drift statistic: its value, the probability of one as extreme if nothing drifts, and what it says."""

    name: str
    value: float
    p_value: float
    text: str

    @property
    def alarming(self) -> bool:
        """Whether so extreme a value would come by chance less often than once in a hundred times."""
        return self.p_value < ALARM


def drift(model: "MacroCycleHMM", panel: pd.DataFrame, settled: pd.DataFrame | None = None) -> list[Statistic]:
    """All statistics of a model on its panel; `settled` are scored months (score, recession), if there are any."""
    states = model.decode(panel).states
    found = [surprise(model, panel), *occupancy(model, states), stay(model, states), turns(model, states)]
    if settled is not None and len(settled) >= FEWEST_SETTLED:
        found.append(calibration(settled["score"].to_numpy(float), settled["recession"].to_numpy(float)))
    return found


def surprise(model: "MacroCycleHMM", panel: pd.DataFrame) -> Statistic:
    """Mean predictive log score of the last three months, and its rank among all runs of three months."""
    scores = _comparable_scores(model, panel)
    runs = np.convolve(scores, np.ones(RUN) / RUN, mode="valid")
    rank = float(np.mean(runs <= runs[-1]))
    text = f"the last {RUN} months were less probable than {1 - rank:.1%} of all runs of {RUN} months"
    return Statistic("surprise", float(runs[-1]), rank, text)


def occupancy(model: "MacroCycleHMM", states: NDArray[np.int64], window: int = WINDOW) -> list[Statistic]:
    """Share of the last `window` months in each regime beside its stationary share."""
    recent = states[-window:]
    expected = model.stationary_distribution
    deviation = np.sqrt(_occupancy_variance(model.parameters.transition_matrix, expected) / len(recent))
    found = []
    for j, label in enumerate(model.labels):
        share = float(np.mean(recent == j))
        z = (share - expected[j]) / deviation[j]
        text = f"{share:.0%} of the last {len(recent)} months in {label}, {expected[j]:.0%} expected"
        found.append(Statistic(f"occupancy_{label}", share, _two_sided(float(z)), text))
    return found


def stay(model: "MacroCycleHMM", states: NDArray[np.int64]) -> Statistic:
    """Length of the present stay and the probability of one at least as long."""
    elsewhere = np.flatnonzero(states != states[-1])
    months = len(states) - 1 - (int(elsewhere[-1]) if len(elsewhere) else -1)
    staying = float(model.parameters.transition_matrix[states[-1], states[-1]])
    text = f"{months} months in {model.labels[states[-1]]}, {1 / (1 - staying):.0f} expected"
    return Statistic("stay", float(months), staying ** (months - 1), text)


def turns(model: "MacroCycleHMM", states: NDArray[np.int64], window: int = WINDOW) -> Statistic:
    """Changes of regime over the last `window` months beside their distribution under the chain."""
    recent = states[-window - 1 :]
    count = int(np.count_nonzero(np.diff(recent)))
    probability = turns_distribution(model.parameters.transition_matrix, recent[0], len(recent) - 1)
    tail = min(probability[: count + 1].sum(), probability[count:].sum())
    mean = float(probability @ np.arange(len(probability)))
    text = f"{count} changes of regime in {len(recent) - 1} months, {mean:.0f} expected"
    return Statistic("turns", float(count), float(min(1.0, 2 * tail)), text)


def calibration(probability: NDArray[np.float64], recession: NDArray[np.float64]) -> Statistic:
    """Mean of probability less outcome; its variance is what the probabilities themselves imply, times dependence.

    Sum of p (1 - p) as in Spiegelhalter (1986), since years without a recession say nothing of the variance by
    themselves, times the ratio of long-run to plain variance of the excess over a year's lags (at least 1).
    """
    excess = probability - recession
    implied = np.sqrt(np.sum(probability * (1 - probability)) * _dependence(excess, lags=12)) / len(excess)
    z = excess.mean() / max(implied, np.finfo(float).tiny)
    text = f"probabilities were {excess.mean():+.3f} above what happened, over {len(excess)} months"
    return Statistic("calibration", float(excess.mean()), _two_sided(float(z)), text)


def turns_distribution(transition_matrix: NDArray[np.float64], start: int, months: int) -> NDArray[np.float64]:
    """(months + 1,) probability of each number of changes of regime within `months`, from regime `start`."""
    staying = np.diag(transition_matrix)
    leaving = transition_matrix - np.diag(staying)
    at = np.zeros((months + 1, len(staying)))
    at[0, start] = 1.0
    for _ in range(months):
        moved = at @ leaving
        at = at * staying
        at[1:] += moved[:-1]
    return at.sum(axis=1)


def _comparable_scores(model: "MacroCycleHMM", panel: pd.DataFrame) -> NDArray[np.float64]:
    """(T,) predictive log density of each month's cells that are published in the newest month, if it has them all."""
    from scipy.special import logsumexp

    from macro_cycle.hmm.emissions import log_densities

    predicted = model.filter(panel).predicted_probs
    published = panel.iloc[-RUN:].notna().all().to_numpy()
    values = model.observations(panel).values.copy()
    values[:, ~published] = np.nan
    complete = ~np.isnan(values[:, published]).any(axis=1)
    scores = logsumexp(log_densities(model.parameters, values), b=predicted, axis=1)
    return np.asarray(scores)[complete]


def _occupancy_variance(transition_matrix: NDArray[np.float64], stationary: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) limit of n times the variance of each regime's share of n months."""
    K = len(stationary)
    fundamental = np.linalg.inv(np.eye(K) - transition_matrix + np.outer(np.ones(K), stationary))
    return stationary * (2 * np.diag(fundamental) - 1 - stationary)


def _dependence(series: NDArray[np.float64], lags: int) -> float:
    """Long-run variance over plain variance (Newey and West 1987), at least 1."""
    centred = series - series.mean()
    plain = centred @ centred
    if plain == 0:
        return 1.0
    weighted = sum((1 - lag / (lags + 1)) * (centred[lag:] @ centred[:-lag]) for lag in range(1, lags + 1))
    return float(max(1 + 2 * weighted / plain, 1.0))


def _two_sided(z: float) -> float:
    from math import erfc, sqrt

    return erfc(abs(z) / sqrt(2))
