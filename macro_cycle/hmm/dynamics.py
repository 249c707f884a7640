"""What the transitions alone imply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from macro_cycle.hmm.kernels.covariates import tilt

if TYPE_CHECKING:
    from jaxtyping import Bool, Float


def expected_durations(transition_matrix: Float[np.ndarray, "K K"]) -> Float[np.ndarray, "K"]:
    """(K,) mean stay in each regime in months, 1 / (1 - A[j, j]); infinite when it is never left."""
    stay = np.diagonal(transition_matrix)
    with np.errstate(divide="ignore"):
        return 1.0 / (1.0 - stay)


def stationary_distribution(transition_matrix: Float[np.ndarray, "K K"]) -> Float[np.ndarray, "K"]:
    """(K,) p with p A = p; of several the one of least norm."""
    K = len(transition_matrix)
    system = np.vstack([transition_matrix.T - np.eye(K), np.ones(K)])
    p = np.linalg.lstsq(system, np.append(np.zeros(K), 1.0), rcond=None)[0]
    p = np.clip(p, 0.0, None)
    return p / p.sum()


def tilted(
    transition_matrix: Float[np.ndarray, "K K"],
    slopes: Float[np.ndarray, "K K C"] | None,
    covariates: Float[np.ndarray, "*batch covariates"],
) -> Float[np.ndarray, "*path K K"]:
    """Transition matrices (..., K, K) given covariates (..., C); (K, K), as it is, where there are no slopes (K, K, C).

    A_t[i, j] is proportional to A[i, j] exp(slopes[i, j]' x_t) (Diebold, Lee and Weinbach, 1994).
    """
    if slopes is None:
        return transition_matrix
    K, C = slopes.shape[1:]
    rows = np.ascontiguousarray(covariates.reshape(-1, C))
    matrices = np.empty((len(rows) * K * K, 1))
    columns = (transition_matrix.reshape(-1, 1), slopes.reshape(-1, 1))
    tilt(*columns, rows, slopes.any(axis=2), matrices, (0,))
    return matrices.reshape(*covariates.shape[:-1], K, K)


def step_ahead(
    probs: Float[np.ndarray, "*start K"], transitions: Float[np.ndarray, "*path H K K"]
) -> Float[np.ndarray, "*path H K"]:
    """(..., H, K) distribution of the regime in the months that transitions (..., H, K, K) lead into, from (..., K)."""
    path = np.empty((*transitions.shape[:-2], transitions.shape[-1]))
    for h in range(path.shape[-2]):
        probs = (probs[..., None, :] @ transitions[..., h, :, :])[..., 0, :]
        path[..., h, :] = probs
    return path


def onset_probability(
    probs: Float[np.ndarray, "*start K"],
    transitions: Float[np.ndarray, "*path H K K"],
    inside: Bool[np.ndarray, "K"],
) -> Float[np.ndarray, "*path H"]:
    """(..., H) probability that in the first 1, ..., H months a step leads from outside the regimes `inside` into them.

    probs (..., K) is the distribution of the month before; transitions (..., H, K, K) lead into the months; inside is
    (K,). A spell that is under way does not count, the next one does.
    """
    enters = ~inside[:, None] & inside
    return np.asarray(1.0 - step_ahead(probs, np.where(enters, 0.0, transitions)).sum(axis=-1))


def months_to_exit(
    probs: Float[np.ndarray, "*start K"],
    transitions: Float[np.ndarray, "*path H K K"],
    transition_matrix: Float[np.ndarray, "*rest K K"],
    inside: Bool[np.ndarray, "K"],
) -> Float[np.ndarray, "*path"]:
    """(...,) expected months until the first one outside the regimes `inside` (K,), from probs (..., K) given inside.

    transitions (..., H, K, K) lead into the first H months, transition_matrix (..., K, K) into all later ones. Infinite
    where the regimes are never left.
    """
    now = np.where(inside, probs, 0.0)
    now = now / now.sum(axis=-1, keepdims=True)
    stays = inside[:, None] & inside
    path = step_ahead(now, np.where(stays, transitions, 0.0))
    kept = transition_matrix[..., inside, :][..., inside]
    with np.errstate(divide="ignore"):
        try:
            rest = np.linalg.inv(np.eye(int(inside.sum())) - kept).sum(axis=-1)
        except np.linalg.LinAlgError:
            rest = np.full(kept.shape[:-1], np.inf)
    later = (path[..., -1, inside] * rest).sum(axis=-1)
    return np.asarray(1.0 + path[..., :-1, :].sum(axis=(-1, -2)) + later)
