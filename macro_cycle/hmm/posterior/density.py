"""The joint density of months and parameters: the EM objective, differentiable, for many parameters at once.

log p(y | parameters) is one autograd function over log emissions, log pi and log A: its value is the forward
recursion, its gradient the smoothed probabilities and expected transitions (Fisher's identity; Cappe,
Moulines and Ryden, 2005, chapter 10). The discount is a power on the emission density, as in EM.

The priors are those of `priors.py` without their normalising constants, so that `log_joint` equals the EM
objective with no constant between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.inference import forward_backward_many
from macro_cycle.hmm.kernels.steps import DOF_RATE
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.posterior.sites import ChainArrays, ParameterSites, Values
from macro_cycle.hmm.structure import transition_counts

LOG_2PI = math.log(2.0 * math.pi)


class ForwardBackward(torch.autograd.Function):
    """log p(y_1:T) (B,) of log_emissions (B, T, K), log_initial (B, K), log_transition (B, K, K) or (B, T, K, K)."""

    @staticmethod
    def forward(ctx: Any, log_emissions: Tensor, log_initial: Tensor, log_transition: Tensor) -> Tensor:
        """Run both recursions at once, so that the gradient costs nothing more."""
        many = forward_backward_many(
            log_emissions.detach().numpy(), log_initial.detach().exp().numpy(), log_transition.detach().exp().numpy()
        )
        ctx.save_for_backward(torch.from_numpy(many.smoothed_probs), torch.from_numpy(many.expected_transitions))
        return torch.from_numpy(many.log_likelihoods)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Smoothed probabilities, those of the first month, expected transitions."""
        smoothed, expected = ctx.saved_tensors
        return (
            upstream[:, None, None] * smoothed,
            upstream[:, None] * smoothed[:, 0],
            upstream.reshape(-1, *[1] * (expected.ndim - 1)) * expected,
        )


@dataclass(frozen=True)
class JointDensity:
    """log p(y, parameters) of a configuration and a sample; values of sites carry one batch axis (B,)."""

    config: HMMConfig
    observations: Observations

    @cached_property
    def sites(self) -> ParameterSites:
        """What is uncertain."""
        return ParameterSites(self.config, self.observations.columns, self.observations.covariates.shape[1])

    def log_joint(self, values: Values) -> Tensor:
        """(B,) the EM objective at these values."""
        arrays = self.sites.arrays(values)
        return self.log_likelihood(arrays) + self.log_prior(arrays, values)

    def log_likelihood(self, arrays: ChainArrays) -> Tensor:
        """(B,) log p(y_1:T), emissions discounted."""
        emissions = self.config.discount * self.log_emissions(arrays)
        return ForwardBackward.apply(emissions, arrays.log_initial, self.log_transitions(arrays))

    def log_transitions(self, arrays: ChainArrays) -> Tensor:
        """(B, K, K), or (B, T, K, K) into each month where transitions depend on covariates."""
        if arrays.slopes is None:
            return arrays.log_transition
        logits = torch.einsum("bijc,tc->btij", arrays.slopes, self._covariates)
        return torch.log_softmax(arrays.log_transition[:, None] + logits, dim=-1)

    def log_emissions(self, arrays: ChainArrays) -> Tensor:
        """(B, T, K) log p(y_t | z_t = j) over the observed cells."""
        if not self.config.diagonal:
            return self._correlated(arrays)
        return self._independent(arrays) if arrays.dof is None else self._independent_t(arrays)

    def log_prior(self, arrays: ChainArrays, values: Values) -> Tensor:
        """(B,) log density of the priors, without their constants."""
        config = self.config
        total = config.initial_weight * arrays.log_initial.sum(-1)
        counts = torch.from_numpy(transition_counts(config))
        counted = counts > 0
        total = total + (counts[counted] * arrays.log_transition[..., counted]).sum(-1)
        total = total - 0.5 * config.mean_precision * values["means"].square().sum(-1)
        total = total + self._spread_prior(arrays.spread)
        if "dof" in values:
            total = total + (values["dof"].log() - DOF_RATE * values["dof"]).sum(-1)
        if "slopes" in values:
            total = total - 0.5 * config.slope_precision * values["slopes"].square().sum(-1)
        return total

    def log_measure(self, values: Values) -> Tensor:
        """(B,) log |d Sigma / d (scales, loadings)|: the priors are densities of covariances, not of their roots."""
        if self.config.diagonal:
            return torch.zeros(values["means"].shape[:-1], dtype=torch.float64)
        D = len(self.observations.columns)
        powers = torch.arange(D, 0, -1, dtype=torch.float64)
        scales = values["scales"].reshape(*values["scales"].shape[:-1], -1, D)
        return (powers * scales.log() + math.log(2.0)).sum((-1, -2))

    def _spread_prior(self, spread: Tensor) -> Tensor:
        weight, scale = self.config.variance_weight, self.config.variance_scale
        if self.config.diagonal:
            own = spread[..., :1, :] if self.config.tied else spread
            return -0.5 * weight * (own.log() + scale / own).sum((-1, -2))
        own = spread[..., :1, :, :] if self.config.tied else spread
        log_determinant = 2.0 * torch.diagonal(own, dim1=-2, dim2=-1).log().sum((-1, -2))
        identity = torch.eye(own.shape[-1], dtype=own.dtype)
        trace = torch.linalg.solve_triangular(own, identity, upper=False).square().sum((-1, -2, -3))
        return -0.5 * weight * (log_determinant + scale * trace)

    @cached_property
    def _cells(self) -> tuple[Tensor, Tensor]:
        """(T, D) values with zero where missing, and 1 where observed."""
        return torch.from_numpy(self.observations.filled), torch.from_numpy(self.observations.observed.astype(float))

    @cached_property
    def _covariates(self) -> Tensor:
        return torch.from_numpy(self.observations.covariates)

    def _independent(self, arrays: ChainArrays) -> Tensor:
        x, seen = self._cells
        precision = 1.0 / arrays.spread
        constant = -0.5 * (LOG_2PI + arrays.spread.log() + arrays.means.square() * precision)
        return x @ (arrays.means * precision).mT + x.square() @ (-0.5 * precision).mT + seen @ constant.mT

    def _independent_t(self, arrays: ChainArrays) -> Tensor:
        x, seen = self._cells
        assert arrays.dof is not None
        dof = arrays.dof[..., None, :]
        constant = _t_constant(dof, 1.0) - 0.5 * arrays.spread.log()
        square = (x[:, None] - arrays.means[..., None, :, :]).square() / (dof * arrays.spread)[..., None, :, :]
        tails = (0.5 * (dof[..., None, :] + 1.0) * torch.log1p(square) * seen[:, None]).sum(-1)
        return seen @ constant.mT - tails

    def _correlated(self, arrays: ChainArrays) -> Tensor:
        """Per pattern of missing cells a matrix product of 1, x_a, x_a x_b with weights from the cells' precision."""
        patterns, pattern_of = self.observations.patterns
        covariances = arrays.spread @ arrays.spread.mT
        blocks, months = [], []
        for p, pattern in enumerate(patterns):
            rows, cells = np.flatnonzero(pattern_of == p), torch.from_numpy(np.flatnonzero(pattern))
            root = torch.linalg.cholesky(covariances[..., cells, :][..., cells])
            inverse = torch.linalg.solve_triangular(root, torch.eye(len(cells), dtype=root.dtype), upper=False)
            log_root = torch.diagonal(root, dim1=-2, dim2=-1).log().sum(-1)
            square = _squared_distances(self._cells[0][rows][:, cells], arrays.means[..., cells], inverse)
            blocks.append(_elliptical(square, log_root, len(cells), arrays.dof))
            months.append(rows)
        return torch.cat(blocks, dim=-1)[..., np.argsort(np.concatenate(months))].mT


def _t_constant(nu: Tensor, n: float) -> Tensor:
    """Log of the normalising constant of an n-variate t, without its scale matrix."""
    return torch.lgamma(0.5 * (nu + n)) - torch.lgamma(0.5 * nu) - 0.5 * n * (nu * math.pi).log()


def _squared_distances(x: Tensor, means: Tensor, inverse: Tensor) -> Tensor:
    """(B, K, T) squared Mahalanobis distances of x (T, n); inverse (B, K, n, n) of the covariance's root."""
    precision = inverse.mT @ inverse
    linear = (precision @ means[..., None])[..., 0]
    products = (x[:, :, None] * x[:, None, :]).flatten(1)
    level = (linear * means).sum(-1, keepdim=True)
    return precision.flatten(-2) @ products.T - 2.0 * linear @ x.T + level


def _elliptical(square: Tensor, log_root: Tensor, n: int, dof: Tensor | None) -> Tensor:
    """(B, K, T) log density of n cells with squared distances (B, K, T) and log |L| (B, K)."""
    if dof is None:
        return -0.5 * (square + n * LOG_2PI) - log_root[..., None]
    nu = dof[..., :1]
    constant = _t_constant(nu, float(n)) - log_root
    return constant[..., None] - 0.5 * (nu + n)[..., None] * torch.log1p(square / nu[..., None])
