"""Student-t cells as scale mixtures of Gaussians, for tensors: the formulas of `kernels/steps.py`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from macro_cycle.hmm.kernels.steps import DOF_RATE, HIGHEST_DOF, LOWEST_DOF

BISECTIONS = 50


def t_constant(nu: Tensor, n: float | Tensor) -> Tensor:
    """Log of the normalising constant of an n-variate t, without its scale matrix."""
    return torch.lgamma(0.5 * (nu + n)) - torch.lgamma(0.5 * nu) - 0.5 * n * (nu * math.pi).log()


def dof_log_prior(nu: Tensor) -> Tensor:
    """Gamma(2, rate 1/10) up to a constant, by element."""
    return nu.log() - DOF_RATE * nu


def mean_log_mixing(nu: Tensor, n: float | Tensor) -> Tensor:
    """E[log u] - log(E u) of a t's mixing weight given n observed cells."""
    return torch.digamma(0.5 * (nu + n)) - (0.5 * (nu + n)).log()


def dof_root(count: Tensor, log_u: Tensor) -> Tensor:
    """The nu that maximises its expected complete-data log posterior, by bisection; see `kernels.steps.dof_root`."""
    low = torch.full_like(count, math.log(LOWEST_DOF))
    high = torch.full_like(count, math.log(HIGHEST_DOF))
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        half = 0.5 * middle.exp()
        rises = 0.5 * (count * (half.log() + 1.0 - torch.digamma(half)) + log_u) + 0.5 / half > DOF_RATE
        low, high = torch.where(rises, middle, low), torch.where(rises, high, middle)
    return (0.5 * (low + high)).exp()
