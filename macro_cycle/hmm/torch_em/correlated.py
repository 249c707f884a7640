"""Emissions `full` and `tied`: cells correlate given the regime, missing ones are integrated out.

As in `kernels/em_full.py` and `completion.py`, all that depends on which cells are missing is computed once per
pattern. Let Q be a pattern's precision: the inverse of the covariance S among observed cells, zero elsewhere. The
gain S Q turns deviations of observed cells into expected ones of all, whatever stands in the missing ones, and
S - S Q S is what stays uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from macro_cycle.hmm.kernels.cholesky import TINY
from macro_cycle.hmm.kernels.completion import LOG_2PI
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.torch_em.lanes import Cells, Structure, longest, stacked, to_device
from macro_cycle.hmm.torch_em.mixing import dof_log_prior, dof_root, mean_log_mixing, t_constant


class CorrelatedCells(Cells):
    """covariances (B, J, D, D), J = 1 if tied, else K; patterns (B, P, D), 1 where observed; pattern_of (B, T).

    The last pattern of every lane observes nothing: that of dead months. products (B, T, D*D) are x_a x_b.
    """

    def __init__(
        self, structure: Structure, samples: Sequence[Observations], means: Tensor, spread: Tensor, dof: Tensor
    ) -> None:
        super().__init__(structure, samples, means, dof)
        D, P = means.shape[-1], _n_patterns(samples)
        covariances = spread.unflatten(1, (-1, D, D))
        self.covariances = covariances[:, :1] if structure.config.tied else covariances
        self.patterns = to_device(stacked([s.patterns[0] for s in samples], P), structure.device)
        pattern_of = stacked([s.patterns[1] for s in samples], longest(samples), beyond=P - 1.0)
        self.pattern_of = to_device(pattern_of, structure.device).long()
        self.products = _outer(self.x, self.x).flatten(2)

    @staticmethod
    def numbers_per_lane(samples: Sequence[Observations], n_regimes: int) -> int:
        """Size of the largest tensor that a lane needs."""
        T, D, P = longest(samples), len(samples[0].columns), _n_patterns(samples)
        return max(T * n_regimes * max(n_regimes, P), D * D * max(T, n_regimes * P))

    def spread(self) -> Tensor:
        """Covariances (B, K*D*D) in the order of `em.stack_lanes`."""
        return self.covariances.expand(-1, self.means.shape[1], -1, -1).flatten(1)

    def log_densities(self) -> Tensor:
        """(B, T, K) discounted log densities, zero in dead months; precisions and u are kept for the M-step."""
        self.precision, self.log_root = _inverse(self.covariances)
        seen = self.patterns[:, :, None]
        among = _outer(seen, seen)
        inverse, log_roots = _inverse(self.covariances[:, None] * among + torch.diag_embed(1.0 - seen))
        self.precisions = inverse * among
        n = self._of_months(self.patterns.sum(-1, keepdim=True))
        square, height = self._squares(), self._of_months(-log_roots)
        discount = self.structure.config.discount
        if not self.student:
            return discount * (height - 0.5 * (n * LOG_2PI + square))
        nu, square = self.dof[:, None, :1], square.clamp_min(0.0)
        self.u = (nu + n) / (nu + square)
        return discount * (height + t_constant(nu, n) - 0.5 * (nu + n) * (square / nu).log1p())

    def log_prior(self) -> Tensor:
        """Log density (B,) of the priors of means, covariances and degrees of freedom, up to a constant."""
        c = self.structure.config
        trace = self.precision.diagonal(dim1=-2, dim2=-1).sum(-1)
        total = self.structure.mean_log_prior(self.means)
        total = total - 0.5 * c.variance_weight * (2.0 * self.log_root + c.variance_scale * trace).sum(-1)
        return total + dof_log_prior(self.dof[:, 0]) if self.free_dof else total

    def maximise(self, smoothed: Tensor) -> None:
        """Means given covariances, then covariances given means; and degrees of freedom."""
        member = one_hot(self.pattern_of, self.patterns.shape[1]).to(smoothed.dtype)
        N = member.mT @ smoothed
        weighted = smoothed * self.u if self.student else smoothed
        mass, deviation, scatter = self._complete(member, weighted, N)
        before, self.means = self.means, self._new_means(mass, deviation)
        self._update_covariances(N.sum(1), mass, deviation, scatter, self.means - before)
        if self.free_dof:
            self._update_dof(smoothed, N)

    def _of_months(self, by_pattern: Tensor) -> Tensor:
        """(B, T, .) of (B, P, .): each month's own pattern's."""
        return by_pattern.take_along_dim(self.pattern_of[..., None], dim=1)

    def _squares(self) -> Tensor:
        """(B, T, K) squared Mahalanobis distances over the observed cells."""
        (B, K, D), P = self.means.shape, self.patterns.shape[1]
        linear = (self.precisions @ self.means[:, None, ..., None])[..., 0]
        level = (linear * self.means[:, None]).sum(-1).reshape(B, 1, P * K)
        precisions = self.precisions.expand(-1, -1, K, -1, -1).reshape(B, P * K, D * D)
        under_each = self.products @ precisions.mT - 2.0 * self.x @ linear.reshape(B, P * K, D).mT + level
        return under_each.unflatten(2, (P, K)).take_along_dim(self.pattern_of[..., None, None], dim=2)[:, :, 0]

    def _complete(self, member: Tensor, weighted: Tensor, N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mass (B, K), expected deviations (B, K, D) and squares (B, K, D, D) about the means, missing cells filled."""
        D, center = self.means.shape[-1], self.means[:, None]
        shares = (member[..., None] * weighted[:, :, None]).flatten(2).mT
        mass, seen = member.mT @ weighted, self.patterns[:, :, None]
        S1 = (shares @ self.x).reshape(*mass.shape, D)
        S2 = (shares @ self.products).reshape(*mass.shape, D, D)
        e = S1 - mass[..., None] * center
        square = S2 - _outer(e, center) - _outer(center, S1)
        gain = torch.diag_embed(seen) + (1.0 - seen)[..., None] * (self.covariances[:, None] @ self.precisions)
        left = self.covariances[:, None] - gain @ self.covariances[:, None]
        scatter = gain @ square @ gain.mT + N[..., None, None] * left
        return mass.sum(1), (gain @ e[..., None])[..., 0].sum(1), scatter.sum(1)

    def _new_means(self, mass: Tensor, deviation: Tensor) -> Tensor:
        """Means (B, K, D) that maximise the expected objective given the covariances: one linear system."""
        c, slots = self.structure.config, self.structure.slots
        precision = c.discount * self.precision
        target = mass[..., None] * self.means + deviation
        right = torch.einsum("akn,bka->bn", slots, (precision @ target[..., None])[..., 0])
        weight = precision * mass[..., None, None]
        system = torch.einsum("bknd,dkm->bnm", torch.einsum("akn,bkad->bknd", slots, weight), slots)
        ridge = max(c.mean_precision, TINY) * torch.eye(slots.shape[-1], dtype=system.dtype, device=system.device)
        solution = torch.cholesky_solve(right[..., None], _root(system + ridge))[..., 0]
        return torch.einsum("dkn,bn->bkd", slots, solution)

    def _update_covariances(self, N: Tensor, mass: Tensor, deviation: Tensor, scatter: Tensor, shift: Tensor) -> None:
        """Scatter about the new means, with the prior's pseudo-observations."""
        c, D = self.structure.config, shift.shape[-1]
        scatter = scatter + _outer(mass[..., None] * shift - deviation, shift) - _outer(shift, deviation)
        if c.tied:
            scatter, N = scatter.sum(1, keepdim=True), N.sum(1, keepdim=True)
        count = (c.discount * N + c.variance_weight)[..., None, None]
        prior = c.variance_weight * c.variance_scale * torch.eye(D, dtype=shift.dtype, device=shift.device)
        new = (c.discount * scatter + prior) / count.clamp_min(TINY * TINY)
        self.covariances = torch.where(count > 0.0, new, self.covariances)

    def _update_dof(self, smoothed: Tensor, N: Tensor) -> None:
        discount, n, nu = self.structure.config.discount, self.patterns.sum(-1), self.dof[:, :1]
        months = discount * N.sum(-1) * (n > 0.0)
        mixing = (smoothed * (self.u.log() - self.u)).sum(-1) * self._of_months((n > 0.0)[..., None])[..., 0]
        shift = discount * mixing.sum(-1) + (months * mean_log_mixing(nu, n)).sum(-1)
        self.dof = dof_root(months.sum(-1), shift)[:, None].expand_as(self.dof)


def _n_patterns(samples: Sequence[Observations]) -> int:
    """P: the most that a sample has, and the empty one."""
    return 1 + max(len(s.patterns[0]) for s in samples)


def _outer(a: Tensor, b: Tensor) -> Tensor:
    return a[..., :, None] * b[..., None, :]


def _inverse(covariances: Tensor) -> tuple[Tensor, Tensor]:
    """Inverses of (..., D, D) and log |L| (...) of their Cholesky roots L."""
    root = _root(covariances)
    identity = torch.eye(root.shape[-1], dtype=root.dtype, device=root.device)
    inverse = torch.linalg.solve_triangular(root, identity, upper=False)
    return inverse.mT @ inverse, root.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def _root(matrices: Tensor) -> Tensor:
    """Cholesky roots of (..., D, D), a pivot that rounding made nothing held at the kernels' least."""
    root = torch.zeros_like(matrices)
    for a in range(matrices.shape[-1]):
        rest = matrices[..., a:, a] - (root[..., a:, :a] @ root[..., a, :a, None])[..., 0]
        pivot = rest[..., :1].clamp_min(TINY * TINY).sqrt()
        root[..., a, a] = pivot[..., 0]
        root[..., a + 1 :, a] = rest[..., 1:] / pivot
    return root
