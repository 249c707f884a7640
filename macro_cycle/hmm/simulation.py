"""Drawing regimes and months from a model."""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.parameters import HMMParameters


def simulate(
    parameters: HMMParameters, n_months: int, rng: np.random.Generator, transitions: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """States (T,) and standardised values (T, D), given transitions (T, K, K) into each month where they vary."""
    transitions = parameters.transition_matrix if transitions is None else transitions
    states = _regimes(parameters, transitions, n_months, rng)
    D = parameters.n_features
    roots = np.linalg.cholesky(parameters.full_covariances)
    noise = np.einsum("tab,tb->ta", roots[states], rng.standard_normal((n_months, D)))
    if parameters.dof is not None:
        noise *= np.sqrt(_mixing(parameters.covariance_type, parameters.dof, n_months, rng))
    return states, parameters.means[states] + noise


def _regimes(parameters: HMMParameters, transitions: np.ndarray, n_months: int, rng: np.random.Generator) -> np.ndarray:
    uniforms = rng.random(n_months)
    K = parameters.n_regimes
    cumulative = np.broadcast_to(np.cumsum(transitions, axis=-1), (n_months, K, K))
    states = np.empty(n_months, dtype=np.int64)
    for t, u in enumerate(uniforms):
        thresholds = np.cumsum(parameters.initial_probs) if t == 0 else cumulative[t, states[t - 1]]
        states[t] = min(int(np.searchsorted(thresholds, u, side="right")), K - 1)
    return states


def _mixing(covariance_type: str, dof: np.ndarray, n_months: int, rng: np.random.Generator) -> np.ndarray:
    """Inverse chi-square factors of the t: one per cell for diagonal covariances, one per month otherwise."""
    if covariance_type in ("diag", "tied_diag"):
        return dof / rng.chisquare(dof, (n_months, len(dof)))
    return (dof[0] / rng.chisquare(dof[0], n_months))[:, None]
