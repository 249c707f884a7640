"""Exact inference as pure functions of log emissions (T, K), initial_probs (K,) and transition_matrix (K, K)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from macro_cycle.hmm.kernels import forward_backward as chain
from macro_cycle.hmm.kernels import lanes

LANES = 8  # chains side by side in vector registers


@dataclass(frozen=True)
class Filtered:
    """filtered_probs p(z_t | y_1:t) and predicted_probs p(z_t | y_1:t-1), (T, K); log_likelihoods (T,)."""

    filtered_probs: np.ndarray
    predicted_probs: np.ndarray
    log_likelihoods: np.ndarray

    @property
    def log_likelihood(self) -> float:
        """log p(y_1:T)."""
        return float(self.log_likelihoods.sum())


@dataclass(frozen=True)
class Posterior(Filtered):
    """Filtered, with hindsight: smoothed_probs p(z_t | y_1:T), (T, K), and expected_transitions (K, K).

    expected_transitions[i, j] = sum_t p(z_t-1 = i, z_t = j | y_1:T).
    These are also the gradients of the log-likelihood: d/d log_emissions = smoothed_probs,
    d/d log initial = smoothed_probs[0], d/d log transition = expected_transitions (Fisher's identity).
    """

    smoothed_probs: np.ndarray
    expected_transitions: np.ndarray


@dataclass(frozen=True)
class ManyPosteriors:
    """`Posterior` of B chains: probabilities (B, T, K), expected_transitions (B, K, K), log_likelihoods (B,)."""

    filtered_probs: np.ndarray
    smoothed_probs: np.ndarray
    expected_transitions: np.ndarray
    log_likelihoods: np.ndarray


def filter_forward(log_emissions: np.ndarray, initial_probs: np.ndarray, transition_matrix: np.ndarray) -> Filtered:
    """Forward recursion."""
    return Filtered(*chain.filter_forward(*_contiguous(log_emissions, initial_probs, transition_matrix)))


def forward_backward(log_emissions: np.ndarray, initial_probs: np.ndarray, transition_matrix: np.ndarray) -> Posterior:
    """Forward and backward recursion."""
    return Posterior(*chain.forward_backward(*_contiguous(log_emissions, initial_probs, transition_matrix)))


def forward_backward_many(
    log_emissions: np.ndarray, initial_probs: np.ndarray, transition_matrices: np.ndarray
) -> ManyPosteriors:
    """Forward and backward recursion of B chains (B, T, K), (B, K), (B, K, K), several at a time in vector lanes."""
    B, T, K = log_emissions.shape
    many = ManyPosteriors(np.empty((B, T, K)), np.empty((B, T, K)), np.empty((B, K, K)), np.empty(B))
    width = LANES if B > 1 else 1
    for start in range(0, B, width):
        chains = np.arange(start, start + width).clip(max=B - 1)
        smoothed, initial, transition = (
            np.ascontiguousarray(part[chains].reshape(width, -1).T, dtype=np.float64)
            for part in (log_emissions, initial_probs, transition_matrices)
        )
        filtered, scales = np.empty_like(smoothed), np.empty((T, width))
        expected, log_likelihood = np.empty_like(transition), np.empty((1, width))
        lanes.forward_backward(smoothed, filtered, scales, initial, transition, expected, log_likelihood, (0,) * width)
        many.filtered_probs[chains] = filtered.T.reshape(width, T, K)
        many.smoothed_probs[chains] = smoothed.T.reshape(width, T, K)
        many.expected_transitions[chains] = expected.T.reshape(width, K, K)
        many.log_likelihoods[chains] = log_likelihood[0]
    return many


def most_probable_path(
    log_emissions: np.ndarray, initial_probs: np.ndarray, transition_matrix: np.ndarray
) -> tuple[np.ndarray, float]:
    """Viterbi: states (T,) and log p(states, y)."""
    states, log_probability = chain.viterbi(*_contiguous(log_emissions, initial_probs, transition_matrix))
    return states, float(log_probability)


def _contiguous(
    log_emissions: np.ndarray, initial_probs: np.ndarray, transition_matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]:
    """A chain as the kernels read it, and a tuple of K zeros."""
    return (
        np.ascontiguousarray(log_emissions, dtype=np.float64),
        np.ascontiguousarray(initial_probs, dtype=np.float64),
        np.ascontiguousarray(transition_matrix, dtype=np.float64),
        (0,) * log_emissions.shape[1],
    )
