"""Drawing regimes and months from a model."""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.parameters import HMMParameters


def simulate(parameters: HMMParameters, n_months: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """States (T,) and standardised values (T, D)."""
    states = _regimes(parameters, n_months, rng)
    D = parameters.n_features
    roots = np.linalg.cholesky(parameters.full_covariances)
    noise = np.einsum("tab,tb->ta", roots[states], rng.standard_normal((n_months, D)))
    if parameters.dof is not None:
        noise *= np.sqrt(_mixing(parameters.covariance_type, parameters.dof, n_months, rng))
    return states, parameters.means[states] + noise


def _regimes(parameters: HMMParameters, n_months: int, rng: np.random.Generator) -> np.ndarray:
    uniforms = rng.random(n_months)
    cumulative = np.cumsum(parameters.transition_matrix, axis=1)
    states = np.empty(n_months, dtype=np.int64)
    for t, u in enumerate(uniforms):
        thresholds = np.cumsum(parameters.initial_probs) if t == 0 else cumulative[states[t - 1]]
        states[t] = min(int(np.searchsorted(thresholds, u, side="right")), parameters.n_regimes - 1)
    return states


def _mixing(covariance_type: str, dof: np.ndarray, n_months: int, rng: np.random.Generator) -> np.ndarray:
    """Inverse chi-square factors of the t: one per cell for diagonal covariances, one per month otherwise."""
    if covariance_type in ("diag", "tied_diag"):
        return dof / rng.chisquare(dof, (n_months, len(dof)))
    return (dof[0] / rng.chisquare(dof[0], n_months))[:, None]
