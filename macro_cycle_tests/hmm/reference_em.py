"""MAP-EM as the textbooks write it: plain loops over months and regimes, Gaussian, missing cells completed.

Dempster, Laird and Rubin (1977); Little and Rubin (2002), chapter 11; the conditional maximisation of means
before covariances is that of Meng and Rubin (1993).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from macro_cycle.hmm import HMMConfig, HMMParameters
from macro_cycle.hmm.structure import mean_groups, transition_counts
from macro_cycle_tests.hmm import oracles


def log_likelihood(log_emissions: np.ndarray, parameters: HMMParameters) -> float:
    """The forward recursion in the log domain."""
    return float(logsumexp(_log_alpha(log_emissions, parameters)[-1]))


def objective(parameters: HMMParameters, values: np.ndarray, config: HMMConfig) -> float:
    """Discounted log-likelihood from scipy's densities plus the priors of `priors.py`."""
    p = parameters
    total = log_likelihood(config.discount * oracles.log_densities(p, values), p)
    total += config.initial_weight * np.log(p.initial_probs).sum()
    counts = transition_counts(config)
    total += (counts[counts > 0] * np.log(p.transition_matrix[counts > 0])).sum()
    columns = tuple(f"x{d}" for d in range(p.n_features))
    for d, row in enumerate(mean_groups(config, columns)):
        total -= 0.5 * config.mean_precision * sum(p.means[row == g, d].mean() ** 2 for g in np.unique(row))
    for covariance in p.full_covariances[: 1 if config.tied else None]:
        log_determinant = np.linalg.slogdet(covariance)[1]
        trace = np.trace(np.linalg.inv(covariance))
        total -= 0.5 * config.variance_weight * (log_determinant + config.variance_scale * trace)
    if p.dof is not None and config.dof == "estimated":
        dof = p.dof if config.diagonal else p.dof[:1]
        total += (np.log(dof) - 0.1 * dof).sum()
    return float(total)


def step(parameters: HMMParameters, values: np.ndarray, config: HMMConfig) -> HMMParameters:
    """One iteration for `full` covariances and free means."""
    p, (K, D), c = parameters, parameters.means.shape, config.discount
    smoothed, expected = _posterior(c * oracles.log_densities(p, values), p)
    initial = smoothed[0] + config.initial_weight
    transition = expected + transition_counts(config)
    means, covariances = np.empty((K, D)), np.empty((K, D, D))
    for j in range(K):
        filled, doubt = _completed(values, p.means[j], p.covariances[j])
        weight = smoothed[:, j]
        precision = np.linalg.inv(p.covariances[j])
        system = c * weight.sum() * precision + config.mean_precision * np.eye(D)
        means[j] = np.linalg.solve(system, c * precision @ (weight @ filled))
        e = filled - means[j]
        scatter = np.einsum("t,ta,tb->ab", weight, e, e) + np.einsum("t,tab->ab", weight, doubt)
        prior = config.variance_weight * config.variance_scale * np.eye(D)
        covariances[j] = (c * scatter + prior) / (c * weight.sum() + config.variance_weight)
    return HMMParameters(
        initial / initial.sum(), transition / transition.sum(axis=1, keepdims=True), means, covariances, "full"
    )


def _log_alpha(log_emissions: np.ndarray, p: HMMParameters) -> np.ndarray:
    with np.errstate(divide="ignore"):
        log_initial, log_transition = np.log(p.initial_probs), np.log(p.transition_matrix)
    alpha = np.empty_like(log_emissions)
    alpha[0] = log_initial + log_emissions[0]
    for t in range(1, len(alpha)):
        alpha[t] = logsumexp(alpha[t - 1][:, None] + log_transition, axis=0) + log_emissions[t]
    return alpha


def _posterior(log_emissions: np.ndarray, p: HMMParameters) -> tuple[np.ndarray, np.ndarray]:
    alpha, beta = _log_alpha(log_emissions, p), np.zeros_like(log_emissions)
    log_transition, expected = np.log(p.transition_matrix), np.zeros_like(p.transition_matrix)
    total = logsumexp(alpha[-1])
    for t in range(len(alpha) - 1, 0, -1):
        ahead = log_transition + log_emissions[t] + beta[t]
        expected += np.exp(alpha[t - 1][:, None] + ahead - total)
        beta[t - 1] = logsumexp(ahead, axis=1)
    return np.exp(alpha + beta - total), expected


def _completed(values: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E[y_t | observed cells] (T, D) and the variance (T, D, D) that is left."""
    T, D = values.shape
    filled, doubt = np.tile(mean, (T, 1)), np.zeros((T, D, D))
    for t in range(T):
        o, m = np.flatnonzero(~np.isnan(values[t])), np.flatnonzero(np.isnan(values[t]))
        gain = covariance[np.ix_(m, o)] @ np.linalg.pinv(covariance[np.ix_(o, o)])
        filled[t, o] = values[t, o]
        filled[t, m] = mean[m] + gain @ (values[t, o] - mean[o])
        doubt[t][np.ix_(m, m)] = covariance[np.ix_(m, m)] - gain @ covariance[np.ix_(o, m)]
    return filled, doubt
