"""Independent answers: brute-force enumeration of every path, with densities from scipy."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import stats

from macro_cycle.hmm import HMMParameters


def random_parameters(rng: np.random.Generator, K: int, D: int, covariance_type: str, student: bool) -> HMMParameters:
    def covariance() -> np.ndarray:
        root = rng.normal(size=(D, D)) * 0.4 + np.eye(D)
        return root @ root.T

    covariances = {
        "full": lambda: np.stack([covariance() for _ in range(K)]),
        "tied": covariance,
        "diag": lambda: rng.uniform(0.3, 2.0, (K, D)),
        "tied_diag": lambda: rng.uniform(0.3, 2.0, D),
    }[covariance_type]()
    dof = None
    if student:
        dof = rng.uniform(3, 12, D) if covariance_type.endswith("diag") else np.full(D, 5.0)
    return HMMParameters(
        rng.dirichlet(np.ones(K)),
        rng.dirichlet(np.ones(K), K),
        rng.normal(size=(K, D)),
        covariances,
        covariance_type,
        dof,
    )


def log_density(parameters: HMMParameters, y: np.ndarray, j: int) -> float:
    """log p(y | z = j) of one month from scipy, over observed cells only."""
    seen = ~np.isnan(y)
    if not seen.any():
        return 0.0
    mean = parameters.means[j, seen]
    cov = parameters.full_covariances[j][np.ix_(seen, seen)]
    if parameters.dof is None:
        return float(stats.multivariate_normal(mean, cov).logpdf(y[seen]))
    if parameters.covariance_type in ("full", "tied"):
        return float(stats.multivariate_t(mean, cov, df=parameters.dof[0]).logpdf(y[seen]))
    return float(stats.t(parameters.dof[seen], mean, np.sqrt(np.diag(cov))).logpdf(y[seen]).sum())


def log_densities(parameters: HMMParameters, values: np.ndarray) -> np.ndarray:
    return np.array([[log_density(parameters, y, j) for j in range(parameters.n_regimes)] for y in values])


def enumerate_paths(
    log_emissions: np.ndarray, initial: np.ndarray, transition: np.ndarray
) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Every path and log p(path, y); transition (K, K), or (T, K, K) into each month."""
    T, K = log_emissions.shape
    paths = list(itertools.product(range(K), repeat=T))
    with np.errstate(divide="ignore"):
        log_initial, log_transition = np.log(initial), np.log(np.broadcast_to(transition, (T, K, K)))
    joint = np.array(
        [
            log_initial[z[0]]
            + sum(log_transition[t, z[t - 1], z[t]] for t in range(1, T))
            + sum(log_emissions[t, z[t]] for t in range(T))
            for z in paths
        ]
    )
    return paths, joint


def posterior_by_enumeration(
    log_emissions: np.ndarray, initial: np.ndarray, transition: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """log-likelihood, smoothed (T, K), expected transitions (K, K)."""
    T, K = log_emissions.shape
    paths, joint = enumerate_paths(log_emissions, initial, transition)
    top = joint.max()
    weight = np.exp(joint - top)
    log_likelihood = top + np.log(weight.sum())
    weight /= weight.sum()
    smoothed, expected = np.zeros((T, K)), np.zeros((K, K))
    for z, w in zip(paths, weight, strict=True):
        smoothed[np.arange(T), z] += w
        np.add.at(expected, (list(z[:-1]), list(z[1:])), w)
    return float(log_likelihood), smoothed, expected
