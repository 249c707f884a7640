"""Where EM begins: economic starts for the clock, k-means and random months for free regimes.

Every start is a function of the data, the configuration and its own number, so a search can be repeated bit
by bit.
"""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.structure import ACTIVITY, MOMENTUM, allowed_transitions, mean_groups, transition_counts

ACTIVITY_MEANS = np.array([0.3, -1.5])  # high, low, in robust standard deviations
MOMENTUM_MEANS = np.array([0.5, -0.5])  # improving, fading
PERTURBATION = 0.3
SMALLEST_VARIANCE = 1e-3


def starts(observations: Observations, config: HMMConfig) -> list[tuple[str, HMMParameters]]:
    """`config.n_restarts` named starting points."""
    return [_start(observations, config, number) for number in range(config.n_restarts)]


def _start(observations: Observations, config: HMMConfig, number: int) -> tuple[str, HMMParameters]:
    rng = np.random.default_rng([config.seed, number])
    if config.structure == "cycle":
        means = _economic_means(observations, config)
        name = "economic" if number == 0 else f"perturbed {number}"
        if number:
            means = means + rng.normal(0.0, PERTURBATION, means.shape)
    elif number % 2 == 0:
        name, means = f"k-means {number}", _k_means(observations.filled, config.n_regimes, rng)
    else:
        name, means = f"random {number}", _random_months(observations.filled, config.n_regimes, rng)
    return name, _parameters(observations, config, _tie(means, mean_groups(config, observations.columns)))


def _economic_means(observations: Observations, config: HMMConfig) -> np.ndarray:
    K = config.n_regimes
    by_role = {
        "activity": ACTIVITY_MEANS[list(ACTIVITY[K])],
        "momentum": MOMENTUM_MEANS[list(MOMENTUM[K])],
        "free": np.zeros(K),
    }
    return np.stack([by_role[config.roles.get(c, "activity")] for c in observations.columns], axis=1)


def _k_means(z: np.ndarray, n_regimes: int, rng: np.random.Generator, rounds: int = 20) -> np.ndarray:
    """(K, D) centres by k-means++ and Lloyd's rounds; missing cells count as the column's centre."""
    centres = [z[rng.integers(len(z))]]
    while len(centres) < n_regimes:
        distance = np.min([((z - c) ** 2).sum(axis=1) for c in centres], axis=0)
        total = distance.sum()
        centres.append(z[rng.choice(len(z), p=distance / total)] if total > 0 else z[rng.integers(len(z))])
    means = np.array(centres)
    for _ in range(rounds):
        nearest = ((z[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=1)
        for j in range(n_regimes):
            if (nearest == j).any():
                means[j] = z[nearest == j].mean(axis=0)
    return means


def _random_months(z: np.ndarray, n_regimes: int, rng: np.random.Generator) -> np.ndarray:
    return z[rng.choice(len(z), size=n_regimes, replace=False)]


def _tie(means: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Average the means (K, D) that groups (D, K) tie."""
    tied = means.copy()
    for d, row in enumerate(groups):
        for g in np.unique(row):
            tied[row == g, d] = means[row == g, d].mean()
    return tied


def _parameters(observations: Observations, config: HMMConfig, means: np.ndarray) -> HMMParameters:
    K, D = means.shape
    spread = np.ones(D)
    for d in range(D):
        column = observations.values[observations.observed[:, d], d]
        if column.size:
            spread[d] = max(0.5 * column.var(), SMALLEST_VARIANCE)
    covariances = {
        "full": np.tile(np.diag(spread), (K, 1, 1)),
        "diag": np.tile(spread, (K, 1)),
        "tied": np.diag(spread),
        "tied_diag": spread,
    }[config.covariance_type]
    dof = None
    if config.emission == "student_t":
        dof = np.full(D, 10.0 if config.dof == "estimated" else config.dof)
    return HMMParameters(np.full(K, 1.0 / K), _transition(config), means, covariances, config.covariance_type, dof)


def _transition(config: HMMConfig) -> np.ndarray:
    """The prior's mean where it says something, else regimes that last ten months."""
    K = config.n_regimes
    counts = transition_counts(config)
    if config.structure == "free" or not counts.any():
        sticky = np.where(np.eye(K, dtype=bool), 0.9, 0.1 / (K - 1)) * allowed_transitions(config)
        return sticky / sticky.sum(axis=1, keepdims=True)
    return counts / counts.sum(axis=1, keepdims=True)
