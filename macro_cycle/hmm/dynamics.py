"""What the transition matrix alone implies."""

from __future__ import annotations

import numpy as np


def expected_durations(transition_matrix: np.ndarray) -> np.ndarray:
    """(K,) mean stay in each regime in months, 1 / (1 - A[j, j]); infinite when it is never left."""
    stay = np.diagonal(transition_matrix)
    with np.errstate(divide="ignore"):
        return 1.0 / (1.0 - stay)


def stationary_distribution(transition_matrix: np.ndarray) -> np.ndarray:
    """(K,) p with p A = p; of several the one of least norm."""
    K = len(transition_matrix)
    system = np.vstack([transition_matrix.T - np.eye(K), np.ones(K)])
    p = np.linalg.lstsq(system, np.append(np.zeros(K), 1.0), rcond=None)[0]
    p = np.clip(p, 0.0, None)
    return p / p.sum()


def step_ahead(probs: np.ndarray, transition_matrix: np.ndarray, steps: int) -> np.ndarray:
    """(steps, K) distribution of the regime 1 to `steps` months after one with distribution probs (K,)."""
    path = np.empty((steps, len(probs)))
    for h in range(steps):
        probs = probs @ transition_matrix
        path[h] = probs
    return path
