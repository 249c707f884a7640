"""The hidden chain: forward-backward recursions as scans, and the updates of pi and A.

A GPU is quick at wide work and slow at long chains, so the recursions over months are products of transition and
emission matrices by doubling: log2(T) wide steps instead of T narrow ones (Sarkka and Garcia-Fernandez, 2021).
"""

from __future__ import annotations

import torch
from torch import Tensor

from macro_cycle.hmm.kernels.steps import TINY
from macro_cycle.hmm.torch_em.lanes import Lanes, Structure


class Chain(Lanes):
    """initial (B, K), transition (B, K, K); live (B, T, 1), zero in dead months; and what the E-step expects."""

    def __init__(self, structure: Structure, initial: Tensor, transition: Tensor, live: Tensor) -> None:
        self.structure = structure
        self.initial, self.transition, self.live = initial, transition, live
        self.smoothed = self.expected = torch.empty(0)

    def expect(self, log_emissions: Tensor) -> Tensor:
        """Fill smoothed (B, T, K) and expected transitions (B, K, K); returns the log-likelihood (B,)."""
        shift = log_emissions.amax(-1, keepdim=True)
        weights = (log_emissions - shift).exp()
        alpha, log_likelihood, beta = self._recursions(weights)
        smoothed = alpha * beta
        self.smoothed = smoothed / smoothed.sum(-1, keepdim=True) * self.live
        ahead = weights[:, 1:] * beta[:, 1:]
        joint = alpha[:, :-1, :, None] * self.transition[:, None] * ahead[:, :, None]
        joint = joint / joint.sum((-1, -2), keepdim=True)
        self.expected = (joint * self.live[:, 1:, None]).sum(1)
        return log_likelihood + shift.sum((1, 2))

    def maximise(self) -> None:
        """New pi and A from the expectations; a row that is never left keeps its A."""
        first = self.smoothed[:, 0] + self.structure.config.initial_weight
        self.initial = first / first.sum(-1, keepdim=True)
        moves = self.expected + self.structure.counts
        total = moves.sum(-1, keepdim=True)
        self.transition = torch.where(total > TINY, moves / total.clamp_min(TINY), self.transition)

    def log_prior(self) -> Tensor:
        """Log density (B,) of the Dirichlet priors, up to a constant."""
        weight, counts = self.structure.config.initial_weight, self.structure.counts
        total = (counts[counts > 0] * self.transition[:, counts > 0].log()).sum(-1)
        return total + weight * self.initial.log().sum(-1) if weight > 0.0 else total

    def _recursions(self, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Filtered probabilities (B, T, K), log-likelihood (B,) of the weights, backward variables (B, T, K)."""
        identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
        steps = self.transition[:, None] * weights[:, 1:, None]
        steps = torch.where(self.live[:, 1:, None] > 0.0, steps, identity)
        products, log_scales = _prefix_products(steps)
        first = (self.initial * weights[:, 0])[:, None]
        later = (first[:, None] @ products)[:, :, 0]
        log_likelihood = later[:, -1].sum(-1).log() + log_scales[:, -1]
        alpha = torch.cat([first, later], dim=1)
        suffixes, _ = _prefix_products(steps.mT.flip(1))
        beta = torch.cat([suffixes.flip(1).mT.sum(-1), torch.ones_like(first)], dim=1)
        return alpha / alpha.sum(-1, keepdim=True), log_likelihood, beta / beta.sum(-1, keepdim=True)


def _prefix_products(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Products of the first t matrices (B, T, K, K), each scaled to a largest entry of 1, and the scales' logs."""
    products, log_scales, step = matrices, torch.zeros_like(matrices[..., 0, 0]), 1
    while step < products.shape[1]:
        joined = products[:, :-step] @ products[:, step:]
        scale = joined.amax((-1, -2), keepdim=True).clamp_min(TINY)
        products = torch.cat([products[:, :step], joined / scale], dim=1)
        added = log_scales[:, :-step] + log_scales[:, step:] + scale[..., 0, 0].log()
        log_scales = torch.cat([log_scales[:, :step], added], dim=1)
        step *= 2
    return products, log_scales
