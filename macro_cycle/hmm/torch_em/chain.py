"""The hidden chain: forward-backward recursions as scans, and the updates of pi and A.

A GPU is quick at wide work and slow at long chains, so the recursions over months are products of transition and
emission matrices by doubling: log2(T) wide steps instead of T narrow ones (Sarkka and Garcia-Fernandez, 2021). They
are taken in logarithms: a turn that is far behind in one month may be all that the clock allows in the next.
"""

from __future__ import annotations

from functools import reduce

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
        relative = log_emissions - shift
        steps = self._log_steps(relative)
        log_alpha, log_beta = _recursions(self.initial.log() + relative[:, 0], steps)
        self.smoothed = (log_alpha + log_beta).softmax(-1) * self.live
        joint = log_alpha[:, :-1, :, None] + steps + log_beta[:, 1:, None]
        joint = joint.flatten(2).softmax(-1) * self.live[:, 1:]
        self.expected = joint.sum(1).unflatten(1, self.transition.shape[1:])
        return log_alpha[:, -1].logsumexp(-1) + shift.sum((1, 2))

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

    def _log_steps(self, log_emissions: Tensor) -> Tensor:
        """(B, T-1, K, K) log p(z_t+1 = j, y_t+1 | z_t = i); into a dead month the identity's."""
        steps = self.transition.log()[:, None] + log_emissions[:, 1:, None]
        still = torch.eye(steps.shape[-1], dtype=steps.dtype, device=steps.device).log()
        return torch.where(self.live[:, 1:, None] > 0.0, steps, still)


def _recursions(first: Tensor, log_steps: Tensor) -> tuple[Tensor, Tensor]:
    """Logs of the forward and backward variables (B, T, K); first (B, K) is the former's first month."""
    forward = _log_product(first[:, None, None], _prefix_products(log_steps))[:, :, 0]
    backward = _prefix_products(log_steps.mT.flip(1)).flip(1).logsumexp(-2)
    last = torch.zeros_like(first)
    return torch.cat([first[:, None], forward], dim=1), torch.cat([backward, last[:, None]], dim=1)


def _prefix_products(log_steps: Tensor) -> Tensor:
    """Logs of the products of the first t matrices (B, T, K, K), of which the logs are given."""
    products, step = log_steps, 1
    while step < products.shape[1]:
        joined = _log_product(products[:, :-step], products[:, step:])
        products = torch.cat([products[:, :step], joined], dim=1)
        step *= 2
    return products


def _log_product(a: Tensor, b: Tensor) -> Tensor:
    """log(exp(a) @ exp(b)), term by term, which needs no more memory than the result."""
    return reduce(torch.logaddexp, (a[..., k, None] + b[..., k, None, :] for k in range(b.shape[-2])))
