"""Whether the model still fits the world: statistics for a few hundred months that depend on each other.

Each has a distribution under the model itself, so that its alarm level means what it says:

- surprise: how improbable the last months were, beside the same statistic over the model's whole history. Months are
  compared on the cells published in the newest one, and taken in overlapping runs of three, as they come.
- occupancy: share of the last ten years spent in each regime, against what the chain expects, with the variance of a
  Markov chain's occupancy, not that of independent draws.
- stay: probability of a stay in a regime as long as the present one.
- turns: number of changes of regime in the last ten years, against its exact distribution under the chain.

The chain of the last three is that of the months' own transitions, which depend on covariates where the model has any.
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
    """All statistics of a model on its panel; `settled` are scored months, if there are any.

    settled: columns reference_month, score, recession; answers without new data are not in it.
    """
    states = model.decode(panel).states
    chain = model.transitions(panel)
    found = [surprise(model, panel), *occupancy(model, states, chain), stay(model, states, chain)]
    found.append(turns(states, chain))
    if settled is not None and settled["reference_month"].nunique() >= FEWEST_SETTLED:
        found.append(calibration(settled["score"].to_numpy(float), settled["recession"].to_numpy(float)))
    return found


def surprise(model: "MacroCycleHMM", panel: pd.DataFrame) -> Statistic:
    """Mean predictive log score of the last three months, and its rank among all runs of three months."""
    scores = _comparable_scores(model, panel)
    runs = np.convolve(scores, np.ones(RUN) / RUN, mode="valid")
    rank = float(np.mean(runs <= runs[-1]))
    text = f"the last {RUN} months were less probable than {1 - rank:.1%} of all runs of {RUN} months"
    return Statistic("surprise", float(runs[-1]), rank, text)


def occupancy(
    model: "MacroCycleHMM", states: NDArray[np.int64], chain: NDArray[np.float64], window: int = WINDOW
) -> list[Statistic]:
    """Share of the last `window` months in each regime beside the share that the chain (T, K, K) expects."""
    recent = states[-window:]
    expected, deviation = occupancy_moments(model.stationary_distribution, chain, len(recent))
    found = []
    for j, label in enumerate(model.labels):
        share = float(np.mean(recent == j))
        z = (share - expected[j]) / max(deviation[j], np.finfo(float).tiny)
        text = f"{share:.0%} of the last {len(recent)} months in {label}, {expected[j]:.0%} expected"
        found.append(Statistic(f"occupancy_{label}", share, _two_sided(float(z)), text))
    return found


def stay(model: "MacroCycleHMM", states: NDArray[np.int64], chain: NDArray[np.float64]) -> Statistic:
    """Length of the present stay and the probability of one at least as long under the chain (T, K, K)."""
    elsewhere = np.flatnonzero(states != states[-1])
    months = len(states) - 1 - (int(elsewhere[-1]) if len(elsewhere) else -1)
    staying = chain[len(states) - months + 1 : len(states), states[-1], states[-1]]
    text = f"{months} months in {model.labels[states[-1]]}"
    return Statistic("stay", float(months), float(np.prod(staying)), text)


def turns(states: NDArray[np.int64], chain: NDArray[np.float64], window: int = WINDOW) -> Statistic:
    """Changes of regime over the last `window` months beside their distribution under the chain (T, K, K)."""
    recent = states[-window - 1 :]
    count = int(np.count_nonzero(np.diff(recent)))
    probability = turns_distribution(chain[len(states) - len(recent) + 1 : len(states)], recent[0])
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


def turns_distribution(chain: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    """(M + 1,) probability of each number of changes of regime over the M steps of chain (M, K, K), from `start`."""
    at = np.zeros((len(chain) + 1, chain.shape[1]))
    at[0, start] = 1.0
    for transition in chain:
        staying = np.diag(transition)
        moved = at @ (transition - np.diag(staying))
        at = at * staying
        at[1:] += moved[:-1]
    return at.sum(axis=1)


def occupancy_moments(
    start: NDArray[np.float64], chain: NDArray[np.float64], window: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(K,) mean and standard deviation of each regime's share of the chain's last `window` months, exactly.

    `start` (K,) is the distribution of the month before the first of chain (T, K, K).
    """
    path = np.empty((len(chain), len(start)))
    for t, transition in enumerate(chain):
        start = start @ transition
        path[t] = start
    path, steps = path[-window:], chain[-window:]
    second, since = np.zeros(len(start)), np.zeros((len(start), len(start)))
    for probs, transition in zip(path, steps, strict=True):
        since = since @ transition
        second += probs + 2.0 * np.diag(since)
        since = since + np.diag(probs)
    mean = path.mean(axis=0)
    return mean, np.sqrt(np.maximum(second / len(path) ** 2 - mean**2, 0.0))


def _comparable_scores(model: "MacroCycleHMM", panel: pd.DataFrame) -> NDArray[np.float64]:
    """(T,) predictive log density of each month's cells that are published in the newest month, if it has them all."""
    from scipy.special import logsumexp

    from macro_cycle.hmm.emissions import log_densities

    predicted = model.filter(panel).predicted_probs
    published = panel[list(model.emitted)].iloc[-RUN:].notna().all().to_numpy()
    values = model.observations(panel).values.copy()
    values[:, ~published] = np.nan
    complete = ~np.isnan(values[:, published]).any(axis=1)
    scores = logsumexp(log_densities(model.parameters, values), b=predicted, axis=1)
    return np.asarray(scores)[complete]


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
