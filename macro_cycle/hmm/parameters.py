"""The estimated numbers of a hidden Markov model, in standardised units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from macro_cycle.errors import MacroCycleError

COVARIANCE_SHAPES = {"full": "KDD", "diag": "KD", "tied": "DD", "tied_diag": "D"}


@dataclass(frozen=True)
class HMMParameters:
    """pi, A, mu, Sigma, for Student-t emissions nu, and slopes where transitions depend on covariates.

    initial_probs: (K,) p(z_1). transition_matrix: (K, K) A[i, j] = p(z_t = j | z_t-1 = i). means: (K, D).
    covariances: `full` (K, D, D), `diag` (K, D), `tied` (D, D), `tied_diag` (D,); the scale matrix of a t.
    dof: (D,) degrees of freedom of each column's t (all equal for `full` and `tied`); None when Gaussian.
    slopes: (K, K, C), zero where a transition has none: A_t[i, j] is proportional to A[i, j] exp(slopes[i, j]' x_t), so
    that A is the transition matrix where all covariates are zero; None when transitions are constant.
    """

    initial_probs: np.ndarray
    transition_matrix: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    covariance_type: str
    dof: np.ndarray | None = None
    slopes: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("initial_probs", "transition_matrix", "means", "covariances", "dof", "slopes"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _as_array(name, value))
        self._check_shapes()

    def _check_shapes(self) -> None:
        if self.covariance_type not in COVARIANCE_SHAPES:
            raise MacroCycleError(f"covariance_type {self.covariance_type!r} is unknown")
        if self.means.ndim != 2:
            raise MacroCycleError(f"parameter means has {self.means.ndim} dimensions, expected regimes x columns")
        K, D = self.means.shape
        sizes = {"K": K, "D": D}
        expected = {
            "initial_probs": (K,),
            "transition_matrix": (K, K),
            "covariances": tuple(sizes[c] for c in COVARIANCE_SHAPES[self.covariance_type]),
            **({} if self.dof is None else {"dof": (D,)}),
            **({} if self.slopes is None else {"slopes": (K, K, self.slopes.shape[-1])}),
        }
        for name, shape in expected.items():
            value = getattr(self, name)
            if value.shape != shape:
                raise MacroCycleError(f"parameter {name} has shape {value.shape}, expected {shape}")
            if not np.isfinite(value).all():
                raise MacroCycleError(f"parameter {name} holds a number that is not finite")

    @property
    def n_regimes(self) -> int:
        """K."""
        return self.means.shape[0]

    @property
    def n_features(self) -> int:
        """D."""
        return self.means.shape[1]

    @property
    def variances(self) -> np.ndarray:
        """(K, D) diagonal of every regime's covariance."""
        return np.diagonal(self.full_covariances, axis1=1, axis2=2)

    @property
    def full_covariances(self) -> np.ndarray:
        """(K, D, D) every regime's covariance (scale matrix of a t), whatever the covariance type."""
        K, D = self.means.shape
        if self.covariance_type == "full":
            return self.covariances
        if self.covariance_type == "tied":
            return np.broadcast_to(self.covariances, (K, D, D))
        return np.broadcast_to(self.covariances, (K, D))[..., None] * np.eye(D)

    @cached_property
    def regimes_last(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Emissions as the kernels read them, regimes side by side.

        Means (D, K); every regime's variances (D, K) where cells are independent, else covariances (D * D, K); dof,
        (D,) or empty when Gaussian.
        """
        K, D = self.means.shape
        independent = self.covariance_type in ("diag", "tied_diag")
        spread = np.broadcast_to(self.covariances, (K, D)) if independent else self.full_covariances.reshape(K, D * D)
        dof = np.empty(0) if self.dof is None else self.dof
        return np.ascontiguousarray(self.means.T), np.ascontiguousarray(spread.T), dof

    def permuted(self, order: Sequence[int] | np.ndarray) -> HMMParameters:
        """The same model with regime `order[j]` moved to place j."""
        order = np.asarray(order)
        own = self.covariance_type in ("full", "diag")
        return HMMParameters(
            self.initial_probs[order],
            self.transition_matrix[np.ix_(order, order)],
            self.means[order],
            self.covariances[order] if own else self.covariances,
            self.covariance_type,
            self.dof,
            None if self.slopes is None else self.slopes[np.ix_(order, order)],
        )

    def to_document(self) -> dict[str, Any]:
        """Nested lists of floats; `json` writes and reads them without loss."""
        return {
            "covariance_type": self.covariance_type,
            "initial_probs": self.initial_probs.tolist(),
            "transition_matrix": self.transition_matrix.tolist(),
            "means": self.means.tolist(),
            "covariances": self.covariances.tolist(),
            "dof": None if self.dof is None else self.dof.tolist(),
            **({} if self.slopes is None else {"slopes": self.slopes.tolist()}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> HMMParameters:
        """The parameters that `to_document` wrote."""
        return cls(**document)


def _as_array(name: str, value: Any) -> np.ndarray:
    try:
        return np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise MacroCycleError(f"parameter {name} is no array of numbers") from None
