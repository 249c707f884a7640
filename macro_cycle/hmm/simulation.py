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
    return states, emit(parameters, states, rng)


def emit(parameters: HMMParameters, states: np.ndarray, rng: np.random.Generator, widened: float = 1.0) -> np.ndarray:
    """Standardised values (T, D) of months in given states (T,), their deviations from the means times `widened`."""
    noise = rng.standard_normal((len(states), parameters.n_features))
    if parameters.covariance_type in ("diag", "tied_diag"):
        noise *= np.sqrt(parameters.variances)[states]
    else:
        noise = np.einsum("tab,tb->ta", np.linalg.cholesky(parameters.full_covariances)[states], noise)
    if parameters.dof is not None:
        noise *= np.sqrt(_mixing(parameters.covariance_type, parameters.dof, len(states), rng))
    return np.asarray(parameters.means[states] + widened * noise)


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
