"""Draws of parameters, as arrays, and what each of them says about the regimes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from macro_cycle.hmm.dynamics import tilted
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.posterior.coordinates import CHUNK, LogPosterior
from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.posterior.sites import ChainArrays


@dataclass(frozen=True)
class ParameterDraws:
    """S draws in standardised units, regimes in the model's order.

    initial_probs (S, K); transition_matrix (S, K, K); means (S, K, D); covariances: variances (S, K, D) or
    matrices (S, K, D, D), tied ones repeated; dof (S, D), None when Gaussian; slopes (S, K, K, C),
    None when transitions are constant.
    """

    initial_probs: np.ndarray
    transition_matrix: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    dof: np.ndarray | None
    slopes: np.ndarray | None = None

    @classmethod
    def at(cls, posterior: LogPosterior, theta: np.ndarray) -> ParameterDraws:
        """From unconstrained coordinates (S, P)."""
        arrays = posterior.density.sites.arrays(posterior.values(theta))
        spread = arrays.spread
        return cls(
            np.exp(arrays.log_initial),
            np.exp(arrays.log_transition),
            arrays.means,
            spread.copy() if posterior.density.config.diagonal else spread @ spread.mT,
            None if arrays.dof is None else arrays.dof.copy(),
            arrays.slopes,
        )

    def __len__(self) -> int:
        return len(self.means)

    @property
    def variances(self) -> np.ndarray:
        """(S, K, D) variance (of a t: squared scale) of each cell."""
        full = self.covariances.ndim == 4
        return np.diagonal(self.covariances, axis1=2, axis2=3) if full else self.covariances

    def parameters(self, s: int, covariance_type: str) -> HMMParameters:
        """The s-th draw as parameters of a model with covariances of that type."""
        covariances = self.covariances[s]
        return HMMParameters(
            self.initial_probs[s],
            self.transition_matrix[s],
            self.means[s],
            covariances[0] if covariance_type.startswith("tied") else covariances,
            covariance_type,
            None if self.dof is None else self.dof[s],
            None if self.slopes is None else self.slopes[s],
        )

    def aligned(self, means: np.ndarray) -> ParameterDraws:
        """Regimes of each draw in the order that brings its means nearest to means (K, D)."""
        K = means.shape[0]
        scale = self.variances.mean(axis=(0, 1))
        distance = ((self.means[:, :, None] - means) ** 2 / scale).sum(axis=3)
        orders = np.array(list(permutations(range(K))))
        cost = distance[:, orders, np.arange(K)].sum(axis=2)
        order = orders[cost.argmin(axis=1)]
        draw = np.arange(len(self))[:, None]
        pairs = (draw[..., None], order[:, :, None], order[:, None, :])
        return ParameterDraws(
            self.initial_probs[draw, order],
            self.transition_matrix[pairs],
            self.means[draw, order],
            self.covariances[draw, order],
            self.dof,
            None if self.slopes is None else self.slopes[pairs],
        )

    def transitions(self, s: int, covariates: np.ndarray) -> np.ndarray:
        """Of the s-th draw, transitions (..., K, K) given covariates (..., C)."""
        matrix = self.transition_matrix[s]
        matrices = tilted(matrix, None if self.slopes is None else self.slopes[s], covariates)
        return np.broadcast_to(matrices, (*covariates.shape[:-1], *matrix.shape))

    def regime_probs(self, density: JointDensity, newest: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Filtered and smoothed probabilities (S, T, K) of the density's months, or of so many of the newest."""
        parts = [self._regime_probs(density, part, newest) for part in self.parts]
        filtered, smoothed = zip(*parts, strict=True)
        return np.concatenate(filtered), np.concatenate(smoothed)

    @property
    def parts(self) -> Iterator[slice]:
        """The draws, as many at a time as their months take little memory."""
        return (slice(s, min(s + CHUNK, len(self))) for s in range(0, len(self), CHUNK))

    def _regime_probs(self, density: JointDensity, part: slice, newest: int) -> tuple[np.ndarray, np.ndarray]:
        initial, transition = self.initial_probs[part], self.transition_matrix[part]
        spread = self.covariances[part]
        with np.errstate(divide="ignore"):
            arrays = ChainArrays(
                np.log(initial),
                np.log(transition),
                self.means[part],
                spread if density.config.diagonal else np.linalg.cholesky(spread),
                None if self.dof is None else self.dof[part],
                None if self.slopes is None else self.slopes[part],
            )
        many = density.smoothed(arrays, density.transitions(arrays))
        return many.filtered_probs[:, -newest:].copy(), many.smoothed_probs[:, -newest:].copy()
