"""The uncertain numbers of a configuration, by name, and how they make up a hidden Markov model.

Ties and forbidden transitions are built in: each distinct mean is one number, each row of A a simplex over
the transitions that exist. Leading axes of all tensors are batch axes (draws).

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
import torch
from torch import Tensor
from torch.distributions import Transform, biject_to, constraints

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.kernels.steps import HIGHEST_DOF, LOWEST_DOF
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.structure import allowed_transitions, mean_groups, tilted_transitions

Values = Mapping[str, Tensor]
BOUNDARY = 1e-8  # kept from a boundary, which has no unconstrained coordinate


class Site(NamedTuple):
    """One named block of numbers: event shape and support."""

    name: str
    shape: tuple[int, ...]
    support: constraints.Constraint

    @property
    def transform(self) -> Transform:
        """From real coordinates to the support."""
        return biject_to(self.support)

    @property
    def size(self) -> int:
        """Number of real coordinates: of a simplex one fewer than shares."""
        return int(np.prod(self.shape)) - (self.support is constraints.simplex)


class ChainArrays(NamedTuple):
    """(..., K) log pi, (..., K, K) log A, (..., K, D) means, spread (..., K, D) variances or (..., K, D, D) roots.

    dof: (..., D), None when Gaussian. slopes: (..., K, K, C), None when transitions are constant.
    """

    log_initial: Tensor
    log_transition: Tensor
    means: Tensor
    spread: Tensor
    dof: Tensor | None
    slopes: Tensor | None = None


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
        rows = [Site(f"transition_{i}", (int(row.sum()),), constraints.simplex) for i, row in enumerate(self._allowed)]
        return (
            Site("initial_probs", (K,), constraints.simplex),
            *rows,
            Site("means", (int(self._mean_slots.max()) + 1,), constraints.real_vector),
            *self._spread_sites(),
            *self._dof_sites(),
            *self._slope_sites(),
        )

    def values(self, parameters: HMMParameters) -> dict[str, Tensor]:
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
        return {name: torch.from_numpy(np.array(value)) for name, value in values.items()}

    def arrays(self, values: Values) -> ChainArrays:
        """The chain and the emissions that the sites' values make up."""
        batch = values["initial_probs"].shape[:-1]
        K, D = self.config.n_regimes, len(self.columns)
        allowed = torch.from_numpy(self._allowed)
        entries = torch.cat([values[f"transition_{i}"] for i in range(K)], dim=-1)
        log_transition = torch.full((*batch, K, K), -torch.inf, dtype=entries.dtype)
        log_transition = log_transition.masked_scatter(allowed, entries.log())
        means = values["means"][..., torch.from_numpy(self._mean_slots)]
        return ChainArrays(
            values["initial_probs"].log(),
            log_transition,
            means,
            self._spread(values, batch),
            self._dof(values, D),
            self._slopes(values, batch),
        )

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

    def _spread_sites(self) -> tuple[Site, ...]:
        D = len(self.columns)
        own = 1 if self.config.tied else self.config.n_regimes
        if self.config.diagonal:
            return (Site("variances", (own * D,), constraints.independent(constraints.positive, 1)),)
        scales = Site("scales", (own * D,), constraints.independent(constraints.positive, 1))
        if D == 1:
            return (scales,)
        return (scales, Site("loadings", (own * (D * (D - 1) // 2),), constraints.real_vector))

    def _spread_values(self, parameters: HMMParameters) -> dict[str, np.ndarray]:
        if self.config.diagonal:
            return {"variances": parameters.covariances.ravel()}
        D = len(self.columns)
        roots = np.linalg.cholesky(parameters.covariances.reshape(-1, D, D))
        below = np.tril_indices(D, -1)
        scales = np.diagonal(roots, axis1=1, axis2=2).ravel()
        return {"scales": scales, **({"loadings": roots[:, below[0], below[1]].ravel()} if D > 1 else {})}

    def _spread(self, values: Values, batch: torch.Size) -> Tensor:
        K, D = self.config.n_regimes, len(self.columns)
        if self.config.diagonal:
            return values["variances"].reshape(*batch, -1, D).expand(*batch, K, D)
        scales = values["scales"].reshape(*batch, -1, D)
        roots = torch.diag_embed(scales)
        if D > 1:
            roots = roots.masked_scatter(torch.ones(D, D, dtype=torch.bool).tril(-1), values["loadings"])
        return roots.expand(*batch, K, D, D)

    def _slope_sites(self) -> Sequence[Site]:
        size = int(self._tilted.sum()) * self.n_covariates
        return (Site("slopes", (size,), constraints.real_vector),) if size else ()

    def _slopes(self, values: Values, batch: torch.Size) -> Tensor | None:
        if "slopes" not in values:
            return None
        K, C = self.config.n_regimes, self.n_covariates
        slopes = torch.zeros((*batch, K, K, C), dtype=values["slopes"].dtype)
        where = torch.from_numpy(np.repeat(self._tilted[..., None], C, axis=-1))
        return slopes.masked_scatter(where, values["slopes"])

    def _dof_sites(self) -> Sequence[Site]:
        if self.config.emission != "student_t" or self.config.dof != "estimated":
            return ()
        bounds = constraints.independent(constraints.interval(LOWEST_DOF, HIGHEST_DOF), 1)
        return (Site("dof", (len(self.columns) if self.config.diagonal else 1,), bounds),)

    def _dof(self, values: Values, D: int) -> Tensor | None:
        if self.config.emission != "student_t":
            return None
        if self.config.dof != "estimated":
            return torch.full((D,), float(self.config.dof), dtype=torch.float64)
        return values["dof"] if self.config.diagonal else values["dof"].expand(*values["dof"].shape[:-1], D)


def _inside(probs: np.ndarray) -> np.ndarray:
    clipped = np.maximum(probs, BOUNDARY)
    return np.asarray(clipped / clipped.sum())
