"""Where EM begins: economic starts for the clock, k-means and random months for free regimes.

Every start is a function of the data, the configuration and its own number, so a search can be repeated bit
by bit.
"""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.kernels.k_means import lloyd
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.structure import ACTIVITY, MOMENTUM, allowed_transitions, mean_groups, transition_counts

ACTIVITY_MEANS = np.array([0.3, -1.5])  # high, low, in robust standard deviations
MOMENTUM_MEANS = np.array([0.5, -0.5])  # improving, fading
PERTURBATION = 0.3
SMALLEST_VARIANCE = 1e-3


def starts(observations: Observations, config: HMMConfig) -> list[tuple[str, HMMParameters]]:
    """`config.n_restarts` named starting points."""
    spread, together = _spread(observations), _together(mean_groups(config, observations.columns))
    transition = _transition(config)
    named = [_named_means(observations, config, number) for number in range(config.n_restarts)]
    n_covariates = observations.covariates.shape[1]
    return [
        (name, _parameters(config, _tie(means, together), spread, transition, n_covariates)) for name, means in named
    ]


def _named_means(observations: Observations, config: HMMConfig, number: int) -> tuple[str, np.ndarray]:
    rng = np.random.default_rng([config.seed, number])
    if config.structure == "cycle":
        means = _economic_means(observations, config)
        if number == 0:
            return "economic", means
        return f"perturbed {number}", means + rng.normal(0.0, PERTURBATION, means.shape)
    if number % 2 == 0:
        return f"k-means {number}", _k_means(observations.filled, config.n_regimes, rng)
    return f"random {number}", _random_months(observations.filled, config.n_regimes, rng)


def _economic_means(observations: Observations, config: HMMConfig) -> np.ndarray:
    K = config.n_regimes
    by_role = {
        "activity": ACTIVITY_MEANS[list(ACTIVITY[K])],
        "momentum": MOMENTUM_MEANS[list(MOMENTUM[K])],
        "free": np.zeros(K),
    }
    means = np.stack([by_role[config.roles.get(c, "activity")] for c in observations.columns], axis=1)
    return means * np.minimum(1.0, 2.0 * np.sqrt(_variances(observations)))  # what hardly varies begins close together


def _k_means(z: np.ndarray, n_regimes: int, rng: np.random.Generator, rounds: int = 20) -> np.ndarray:
    """(K, D) centres by k-means++ and Lloyd's rounds; missing cells count as the column's centre."""
    centres = np.ascontiguousarray(_far_apart(z, n_regimes, rng).T)
    lloyd(z, centres, rounds, (0,) * n_regimes)
    return centres.T


def _far_apart(z: np.ndarray, n_regimes: int, rng: np.random.Generator) -> np.ndarray:
    """(K, D) months, each drawn with probability proportional to its squared distance to those drawn before."""
    centres, distance = [z[rng.integers(len(z))]], np.full(len(z), np.inf)
    while len(centres) < n_regimes:
        gap = z - centres[-1]
        distance = np.minimum(distance, np.einsum("td,td->t", gap, gap))
        total = distance.sum()
        centres.append(z[rng.choice(len(z), p=distance / total)] if total > 0 else z[rng.integers(len(z))])
    return np.array(centres)


def _random_months(z: np.ndarray, n_regimes: int, rng: np.random.Generator) -> np.ndarray:
    return z[rng.choice(len(z), size=n_regimes, replace=False)]


def _together(groups: np.ndarray) -> np.ndarray:
    """(D, K, K) weights that average the means which groups (D, K) tie."""
    alike = (groups[:, :, None] == groups[:, None, :]).astype(np.float64)
    return np.asarray(alike / alike.sum(axis=2, keepdims=True))


def _tie(means: np.ndarray, together: np.ndarray) -> np.ndarray:
    return np.einsum("djk,kd->jd", together, means)


def _spread(observations: Observations) -> np.ndarray:
    """(D,) variances to begin with: half of each column's."""
    return np.maximum(0.5 * _variances(observations), SMALLEST_VARIANCE)


def _variances(observations: Observations) -> np.ndarray:
    """(D,) variance of each column's known values, 2 for an empty one."""
    variances = np.full(len(observations.columns), 2.0)
    for d in range(len(variances)):
        column = observations.values[observations.observed[:, d], d]
        if column.size:
            variances[d] = column.var()
    return variances


def _parameters(
    config: HMMConfig, means: np.ndarray, spread: np.ndarray, transition: np.ndarray, n_covariates: int
) -> HMMParameters:
    """A start's parameters; slopes, where there are any, begin at zero."""
    K, D = means.shape
    covariances = {
        "full": np.tile(np.diag(spread), (K, 1, 1)),
        "diag": np.tile(spread, (K, 1)),
        "tied": np.diag(spread),
        "tied_diag": spread,
    }[config.covariance_type]
    dof = None
    if config.emission == "student_t":
        dof = np.full(D, 10.0 if config.dof == "estimated" else config.dof)
    slopes = np.zeros((K, K, n_covariates)) if n_covariates else None
    return HMMParameters(np.full(K, 1.0 / K), transition, means, covariances, config.covariance_type, dof, slopes)


def _transition(config: HMMConfig) -> np.ndarray:
    """The prior's mean where it says something, else regimes that last ten months."""
    K = config.n_regimes
    counts = transition_counts(config)
    if config.structure == "free" or not counts.any():
        sticky = np.where(np.eye(K, dtype=bool), 0.9, 0.1 / (K - 1)) * allowed_transitions(config)
        return sticky / sticky.sum(axis=1, keepdims=True)
    return counts / counts.sum(axis=1, keepdims=True)
