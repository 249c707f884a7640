"""Exact inference as pure functions of log emissions (T, K), initial_probs (K,) and transitions.

Transitions are one matrix (K, K), or one for each month (T, K, K): the t-th leads into month t, the first is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from macro_cycle.hmm.kernels import forward_backward as chain
from macro_cycle.hmm.kernels import lanes

if TYPE_CHECKING:
    from jaxtyping import Float

N_LANES = 8  # chains side by side in vector registers


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
class Smoothed(Filtered):
    """Filtered, with hindsight: smoothed_probs p(z_t | y_1:T), (T, K), and expected_transitions (K, K).

    expected_transitions[i, j] = sum_t p(z_t-1 = i, z_t = j | y_1:T).
    Where transitions are constant, these are also the gradients of the log-likelihood: d/d log_emissions =
    smoothed_probs, d/d log initial = smoothed_probs[0], d/d log transition = expected_transitions (Fisher's identity).
    """

    smoothed_probs: np.ndarray
    expected_transitions: np.ndarray


@dataclass(frozen=True)
class ManySmoothed:
    """`Smoothed` of B chains: probabilities (B, T, K), log_likelihoods (B,), expected_transitions.

    These have the shape of the transitions: (B, T, K, K), each month's own, or of constant ones (B, K, K), their sum.
    """

    filtered_probs: np.ndarray
    smoothed_probs: np.ndarray
    expected_transitions: np.ndarray
    log_likelihoods: np.ndarray


def filter_forward(
    log_emissions: Float[np.ndarray, "T K"],
    initial_probs: Float[np.ndarray, "K"],
    transitions: Float[np.ndarray, "*months K K"],
) -> Filtered:
    """Forward recursion."""
    return Filtered(*chain.filter_forward(*_contiguous(log_emissions, initial_probs, transitions)))


def forward_backward(
    log_emissions: Float[np.ndarray, "T K"],
    initial_probs: Float[np.ndarray, "K"],
    transitions: Float[np.ndarray, "*months K K"],
) -> Smoothed:
    """Forward and backward recursion."""
    return Smoothed(*chain.forward_backward(*_contiguous(log_emissions, initial_probs, transitions)))


def forward_backward_many(
    log_emissions: Float[np.ndarray, "B T K"],
    initial_probs: Float[np.ndarray, "B K"],
    transitions: Float[np.ndarray, "B *months K K"],
) -> ManySmoothed:
    """Forward and backward recursion of B chains, several at a time in vector lanes.

    log_emissions (B, T, K), initial_probs (B, K), transitions (B, K, K) or (B, T, K, K).
    """
    B, T, K = log_emissions.shape
    many = ManySmoothed(np.empty((B, T, K)), np.empty((B, T, K)), np.empty(transitions.shape), np.empty(B))
    width = N_LANES if B > 1 else 1
    for start in range(0, B, width):
        chains = np.arange(start, start + width).clip(max=B - 1)
        smoothed, initial, transition = (
            np.ascontiguousarray(part[chains].reshape(width, -1).T, dtype=np.float64)
            for part in (log_emissions, initial_probs, transitions)
        )
        filtered, scales = np.empty_like(smoothed), np.empty((T, width))
        expected, log_likelihood = np.empty_like(transition), np.empty((1, width))
        lanes.forward_backward(smoothed, filtered, scales, initial, transition, expected, log_likelihood, (0,) * width)
        many.filtered_probs[chains] = filtered.T.reshape(width, T, K)
        many.smoothed_probs[chains] = smoothed.T.reshape(width, T, K)
        many.expected_transitions[chains] = expected.T.reshape(width, *transitions.shape[1:])
        many.log_likelihoods[chains] = log_likelihood[0]
    return many


def most_probable_path(
    log_emissions: np.ndarray, initial_probs: np.ndarray, transitions: np.ndarray
) -> tuple[np.ndarray, float]:
    """Viterbi: states (T,) and log p(states, y)."""
    states, log_probability = chain.viterbi(*_contiguous(log_emissions, initial_probs, transitions))
    return states, float(log_probability)


def _contiguous(
    log_emissions: np.ndarray, initial_probs: np.ndarray, transitions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]:
    """A chain as the kernels read it, and a tuple of K zeros."""
    return (
        np.ascontiguousarray(log_emissions, dtype=np.float64),
        np.ascontiguousarray(initial_probs, dtype=np.float64),
        np.ascontiguousarray(transitions, dtype=np.float64),
        (0,) * log_emissions.shape[1],
    )
