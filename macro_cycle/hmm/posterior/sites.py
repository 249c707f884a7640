"""The uncertain numbers of a configuration, by name, and how they make up a hidden Markov model.

Ties and forbidden transitions are built in: each distinct mean is one number, each row of A a simplex over
the transitions that exist. Leading axes of all arrays are batch axes (draws).

initial_probs (K,) simplex      transition_<i> (allowed of row i,) simplex     means (distinct,) real
slopes (moves that depend on covariates * C,) real
variances (D,) or (K*D,) positive, for diagonal covariances
scales (..., D) positive, loadings (..., D(D-1)/2) real: diagonal and rest of the Cholesky root, otherwise
dof (D,) or (1,) within the bounds of EM, when estimated
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.kernels.steps import HIGHEST_DOF, LOWEST_DOF
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.posterior.transforms import Interval, Positive, Real, Simplex, Transform
from macro_cycle.hmm.structure import allowed_transitions, mean_groups, tilted_transitions

Values = Mapping[str, np.ndarray]
BOUNDARY = 1e-8  # kept from a boundary, which has no unconstrained coordinate
DOF_BOUNDS = Interval(LOWEST_DOF, HIGHEST_DOF)


class Site(NamedTuple):
    """One named block of so many numbers, and what binds them."""

    name: str
    length: int
    transform: Transform

    @property
    def size(self) -> int:
        """Number of real coordinates: of a simplex one fewer than shares."""
        return self.length - isinstance(self.transform, Simplex)


class ChainArrays(NamedTuple):
    """(..., K) log pi, (..., K, K) log A, (..., K, D) means, spread (..., K, D) variances or (..., K, D, D) roots.

    dof: (..., D), None when Gaussian. slopes: (..., K, K, C), None when transitions are constant.
    """

    log_initial: np.ndarray
    log_transition: np.ndarray
    means: np.ndarray
    spread: np.ndarray
    dof: np.ndarray | None
    slopes: np.ndarray | None = None


@dataclass(frozen=True)
class ParameterSites:
    """The sites of one configuration on given emitted columns and a number of covariates of the transitions."""

    config: HMMConfig
    columns: tuple[str, ...]
    n_covariates: int = 0

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """All sites, in the order of the flat coordinates."""
        K = self.config.n_regimes
        rows = [Site(f"transition_{i}", int(row.sum()), Simplex()) for i, row in enumerate(self._allowed)]
        return (
            Site("initial_probs", K, Simplex()),
            *rows,
            Site("means", int(self._mean_slots.max()) + 1, Real()),
            *self._spread_sites(),
            *self._dof_sites(),
            *self._slope_sites(),
        )

    def values(self, parameters: HMMParameters) -> dict[str, np.ndarray]:
        """The sites' values of given parameters, kept off the boundaries."""
        values = {"initial_probs": _inside(parameters.initial_probs)}
        for i, row in enumerate(self._allowed):
            values[f"transition_{i}"] = _inside(parameters.transition_matrix[i, row])
        means = np.empty(self._mean_slots.max() + 1)
        means[self._mean_slots] = parameters.means
        values["means"] = means
        values |= self._spread_values(parameters)
        if self._dof_sites():
            assert parameters.dof is not None
            dof = parameters.dof if self.config.diagonal else parameters.dof[:1]
            values["dof"] = np.clip(dof, LOWEST_DOF + BOUNDARY, HIGHEST_DOF - BOUNDARY)
        if parameters.slopes is not None:
            values["slopes"] = parameters.slopes[self._tilted].ravel()
        return values

    def arrays(self, values: Values) -> ChainArrays:
        """The chain and the emissions that the sites' values make up."""
        batch = values["initial_probs"].shape[:-1]
        K = self.config.n_regimes
        log_transition = np.full((*batch, K, K), -np.inf)
        log_transition[..., self._allowed] = np.log(
            np.concatenate([values[f"transition_{i}"] for i in range(K)], axis=-1)
        )
        return ChainArrays(
            np.log(values["initial_probs"]),
            log_transition,
            values["means"][..., self._mean_slots],
            self._spread(values, batch),
            self._dof(values, batch),
            self._slopes(values, batch),
        )

    def pull_back(self, values: Values, gradients: ChainArrays) -> dict[str, np.ndarray]:
        """Gradients in the sites' values, from those in the arrays that they make up."""
        found = {"initial_probs": gradients.log_initial / values["initial_probs"]}
        for i, row in enumerate(self._allowed):
            found[f"transition_{i}"] = gradients.log_transition[..., i, row] / values[f"transition_{i}"]
        found["means"] = np.zeros(values["means"].shape)
        for j, slots in enumerate(self._mean_slots):  # of one regime no two means are the same number
            found["means"][..., slots] += gradients.means[..., j, :]
        found |= self._pull_back_spread(gradients.spread)
        if "dof" in values:
            assert gradients.dof is not None
            found["dof"] = gradients.dof if self.config.diagonal else gradients.dof.sum(axis=-1, keepdims=True)
        if gradients.slopes is not None:
            found["slopes"] = gradients.slopes[..., self._tilted, :].reshape(values["slopes"].shape)
        return found

    @cached_property
    def _allowed(self) -> np.ndarray:
        return allowed_transitions(self.config)

    @cached_property
    def _tilted(self) -> np.ndarray:
        return tilted_transitions(self.config)

    @cached_property
    def _mean_slots(self) -> np.ndarray:
        """(K, D) position of regime j's mean of column d among the distinct means."""
        groups = mean_groups(self.config, self.columns)
        first = (groups[:, :, None] == groups[:, None, :]).argmax(axis=2)
        own = first == np.arange(self.config.n_regimes)
        slots = np.cumsum(own).reshape(own.shape) - 1
        return np.take_along_axis(slots, first, axis=1).T

    @property
    def _below(self) -> tuple[np.ndarray, np.ndarray]:
        """Places of a root below its diagonal."""
        return np.tril_indices(len(self.columns), -1)

    def _spread_sites(self) -> tuple[Site, ...]:
        D = len(self.columns)
        own = 1 if self.config.tied else self.config.n_regimes
        if self.config.diagonal:
            return (Site("variances", own * D, Positive()),)
        scales = Site("scales", own * D, Positive())
        if D == 1:
            return (scales,)
        return (scales, Site("loadings", own * (D * (D - 1) // 2), Real()))

    def _spread_values(self, parameters: HMMParameters) -> dict[str, np.ndarray]:
        if self.config.diagonal:
            return {"variances": parameters.covariances.ravel()}
        D = len(self.columns)
        return self._root_values(np.linalg.cholesky(parameters.covariances.reshape(-1, D, D)))

    def _root_values(self, roots: np.ndarray) -> dict[str, np.ndarray]:
        """Numbers of roots (..., own, D, D), or of gradients in them, by site."""
        batch, D = roots.shape[:-3], len(self.columns)
        scales = np.diagonal(roots, axis1=-2, axis2=-1).reshape(*batch, -1)
        return {"scales": scales, **({"loadings": roots[..., *self._below].reshape(*batch, -1)} if D > 1 else {})}

    def _spread(self, values: Values, batch: tuple[int, ...]) -> np.ndarray:
        K, D = self.config.n_regimes, len(self.columns)
        if self.config.diagonal:
            return np.broadcast_to(values["variances"].reshape(*batch, -1, D), (*batch, K, D))
        scales = values["scales"].reshape(*batch, -1, D)
        roots = scales[..., None] * np.eye(D)
        if D > 1:
            roots[..., *self._below] = values["loadings"].reshape(*scales.shape[:-1], -1)
        return np.broadcast_to(roots, (*batch, K, D, D))

    def _pull_back_spread(self, gradient: np.ndarray) -> dict[str, np.ndarray]:
        regimes = -2 if self.config.diagonal else -3
        own = gradient.sum(axis=regimes, keepdims=True) if self.config.tied else gradient
        if self.config.diagonal:
            return {"variances": own.reshape(*own.shape[:-2], -1)}
        return self._root_values(own)

    def _slope_sites(self) -> Sequence[Site]:
        size = int(self._tilted.sum()) * self.n_covariates
        return (Site("slopes", size, Real()),) if size else ()

    def _slopes(self, values: Values, batch: tuple[int, ...]) -> np.ndarray | None:
        if "slopes" not in values:
            return None
        K, C = self.config.n_regimes, self.n_covariates
        slopes = np.zeros((*batch, K, K, C))
        slopes[..., self._tilted, :] = values["slopes"].reshape(*batch, -1, C)
        return slopes

    def _dof_sites(self) -> Sequence[Site]:
        if self.config.emission != "student_t" or self.config.dof != "estimated":
            return ()
        return (Site("dof", len(self.columns) if self.config.diagonal else 1, DOF_BOUNDS),)

    def _dof(self, values: Values, batch: tuple[int, ...]) -> np.ndarray | None:
        if self.config.emission != "student_t":
            return None
        dof = values["dof"] if self.config.dof == "estimated" else np.array([float(self.config.dof)])
        return np.broadcast_to(dof, (*batch, len(self.columns)))


def _inside(probs: np.ndarray) -> np.ndarray:
    clipped = np.maximum(probs, BOUNDARY)
    return np.asarray(clipped / clipped.sum())
