"""Emissions `diag` and `tied_diag`: cells independent given the regime, a missing one left out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from macro_cycle.hmm.kernels.em_diagonal import LOG_2PI, TINY_VARIANCE
from macro_cycle.hmm.kernels.steps import TINY
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.torch_em.lanes import Cells, Structure, longest, stacked, to_device
from macro_cycle.hmm.torch_em.mixing import dof_log_prior, dof_root, mean_log_mixing, t_constant


class IndependentCells(Cells):
    """variances (B, K, D), and seen (B, T, D), 1 where a cell was observed."""

    def __init__(
        self, structure: Structure, samples: Sequence[Observations], means: Tensor, spread: Tensor, dof: Tensor
    ) -> None:
        super().__init__(structure, samples, means, dof)
        self.seen = to_device(stacked([s.observed for s in samples], longest(samples)), structure.device)
        self.variances = spread.reshape(means.mT.shape).mT

    @staticmethod
    def numbers_per_lane(samples: Sequence[Observations], n_regimes: int) -> int:
        """Size of the largest tensor that a lane needs."""
        return longest(samples) * n_regimes * max(n_regimes, len(samples[0].columns))

    def spread(self) -> Tensor:
        """Variances (B, D*K) in the order of `em.stack_lanes`."""
        return self.variances.mT.flatten(1)

    def log_densities(self) -> Tensor:
        """(B, T, K) discounted log densities; zero in dead months."""
        discount = self.structure.config.discount
        if self.student:
            nu = self.dof[:, None]
            constant = t_constant(nu, 1.0) - 0.5 * self.variances.log()
            logarithms = (self._squares() / nu[:, :, None]).log1p()
            tails = torch.einsum("btkd,btd->btk", logarithms, 0.5 * (nu + 1.0) * self.seen)
            return discount * (self.seen @ constant.mT - tails)
        precision = discount / self.variances
        constant = -0.5 * (discount * (LOG_2PI + self.variances.log()) + precision * self.means.square())
        linear = self.x @ (precision * self.means).mT
        return linear + self.x.square() @ (-0.5 * precision).mT + self.seen @ constant.mT

    def log_prior(self) -> Tensor:
        """Log density (B,) of the priors of means, variances and degrees of freedom, up to a constant."""
        c = self.structure.config
        own = self.variances[:, :1] if c.tied else self.variances
        total = self.structure.mean_log_prior(self.means)
        total = total - 0.5 * c.variance_weight * (own.log() + c.variance_scale / own).sum((1, 2))
        return total + dof_log_prior(self.dof).sum(-1) if self.free_dof else total

    def maximise(self, smoothed: Tensor) -> None:
        """Means given variances, then variances given means; and degrees of freedom."""
        N = smoothed.mT @ self.seen
        if self.student:
            W, S1, S2 = self._student_statistics(smoothed, N)
        else:
            W, S1, S2 = N, smoothed.mT @ self.x, smoothed.mT @ self.x.square()
        self._update_means(W, S1)
        self._update_variances(N, S2 + self.means * (self.means * W - 2.0 * S1))

    def _squares(self) -> Tensor:
        """(B, T, K, D) squared deviations from the means in standard deviations."""
        return (self.x[:, :, None] - self.means[:, None]).square() / self.variances[:, None]

    def _student_statistics(self, smoothed: Tensor, N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Counts, sums and sums of squares (B, K, D) weighted by u; the degrees of freedom are updated by the way."""
        nu = self.dof[:, None, None]
        u = (nu + 1.0) / (nu + self._squares())
        weighted = smoothed[..., None] * u * self.seen[:, :, None]
        if self.free_dof:
            log_u = torch.einsum("btk,btkd,btd->bd", smoothed, u.log() - u, self.seen)
            self._update_dof(N.sum(1), log_u)
        S1 = torch.einsum("btkd,btd->bkd", weighted, self.x)
        return weighted.sum(1), S1, torch.einsum("btkd,btd->bkd", weighted, self.x.square())

    def _update_means(self, W: Tensor, S1: Tensor) -> None:
        c, alike = self.structure.config, self.structure.alike
        precision = c.discount / self.variances
        weight = torch.einsum("djk,bkd->bjd", alike, precision * W) + c.mean_precision
        self.means = torch.einsum("djk,bkd->bjd", alike, precision * S1) / weight.clamp_min(TINY)

    def _update_variances(self, N: Tensor, squares: Tensor) -> None:
        c = self.structure.config
        if c.tied:
            squares, N = squares.sum(1, keepdim=True).expand_as(N), N.sum(1, keepdim=True).expand_as(N)
        count = c.variance_weight + c.discount * N
        amount = c.variance_weight * c.variance_scale + c.discount * squares
        self.variances = (amount / count.clamp_min(TINY)).clamp_min(TINY_VARIANCE)

    def _update_dof(self, N: Tensor, log_u: Tensor) -> None:
        count = self.structure.config.discount * N
        shift = self.structure.config.discount * log_u + count * mean_log_mixing(self.dof, 1.0)
        self.dof = dof_root(count, shift)
