"""MAP-EM of very many lanes at once in torch, for a GPU: Gaussian emissions with diagonal covariances.

The same updates as `kernels/em_diagonal.py`, in float64. A GPU is quick at wide work and slow at long chains, so
the recursions over months are scans: products of transition and emission matrices by doubling, log2(T) wide
steps instead of T narrow ones (Sarkka and Garcia-Fernandez, 2021). Sums are taken in another order than the
kernels take them: results agree to about 1e-10, not to the bit, so nothing switches to this path unasked.

Axes: B lanes, T months of the longest sample, D columns, K regimes. A shorter sample ends in dead months, whose
matrix is the identity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.em import EMOutcome, outcome_of, stack_lanes
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.search import Named
from macro_cycle.hmm.starts import starts
from macro_cycle.hmm.structure import mean_groups, transition_counts

LARGE_BATCH = 2000  # lanes from which the wide steps fill a GPU
LOG_2PI = math.log(2.0 * math.pi)
TINY, TINY_VARIANCE = 1e-300, 1e-12


def worth_a_gpu(samples: Sequence[Observations], config: HMMConfig) -> bool:
    """Whether a CUDA device is present and the windows' starts are many, of a kind this path knows."""
    known = config.diagonal and config.emission == "gaussian" and len({s.columns for s in samples}) == 1
    return known and len(samples) * config.n_restarts >= LARGE_BATCH and torch.cuda.is_available()


def cold_runs_in_torch(samples: Sequence[Observations], config: HMMConfig, device: str = "cuda") -> list[list[Named]]:
    """`search.cold_runs` of every sample, all in one batch."""
    named = [starts(sample, config) for sample in samples]
    lanes = [(sample, start) for sample, own in zip(samples, named, strict=True) for _, start in own]
    outcomes = iter(run_em_in_torch([s for s, _ in lanes], [start for _, start in lanes], config, device))
    return [[(name, next(outcomes)) for name, _ in own] for own in named]


def run_em_in_torch(
    samples: Sequence[Observations], starting: Sequence[HMMParameters], config: HMMConfig, device: str
) -> list[EMOutcome]:
    """EM of lane b on samples[b] from starting[b]; all samples have the same columns.

    Raises MacroCycleError if an objective ever falls or is not finite, as the kernels do.
    """
    state = stack_lanes(starting, config)
    with torch.no_grad():
        lanes = _Lanes(samples, starting, config, device)
        going = torch.arange(len(starting), device=device)
        for _ in range(config.max_iter):
            objective = lanes.expect()
            stays = _record(state, going.cpu().numpy(), objective.cpu().numpy(), samples, config)
            lanes.write(state, going.cpu().numpy(), ~stays)
            if not stays.any():
                break
            kept = torch.from_numpy(np.flatnonzero(stays)).to(device)
            going = going[kept]
            lanes.keep(kept)
            lanes.maximise()
    return [outcome_of(state, b, start, config) for b, start in enumerate(starting)]


def _record(
    state: dict[str, np.ndarray],
    going: np.ndarray,
    objective: np.ndarray,
    samples: Sequence[Observations],
    config: HMMConfig,
) -> np.ndarray:
    """Book one E-step's objectives (n,); returns which lanes go on, by the rule of `kernels/steps.py`."""
    n = int(state["n_iter"][0, going[0]])
    state["history"][n, going] = objective
    state["n_iter"][0, going] = n + 1
    if n == 0:
        return np.full(len(going), config.max_iter > 1)
    gain = objective - state["history"][n - 1, going]
    state["largest_fall"][0, going] = np.maximum(state["largest_fall"][0, going], -gain)
    least = config.tol * np.array([len(samples[b].values) for b in going])
    return np.asarray((gain > least) & (n + 1 < config.max_iter))


class _Lanes:
    """Data, parameters and expectations of the lanes that still run."""

    def __init__(
        self, samples: Sequence[Observations], starting: Sequence[HMMParameters], config: HMMConfig, device: str
    ) -> None:
        def put(array: Any) -> Tensor:
            return torch.as_tensor(np.asarray(array), dtype=torch.float64, device=device)

        self.config = config
        self.counts = put(transition_counts(config))
        groups = mean_groups(config, samples[0].columns)
        self.alike = put(groups[:, :, None] == groups[:, None, :])
        T, D = max(len(s.values) for s in samples), len(samples[0].columns)
        x, seen = np.zeros((len(samples), T, D)), np.zeros((len(samples), T, D))
        live = np.zeros((len(samples), T, 1))
        for b, sample in enumerate(samples):
            months = len(sample.values)
            x[b, :months], seen[b, :months], live[b, :months] = sample.filled, sample.observed, 1.0
        self.x, self.seen, self.live = put(x), put(seen), put(live)
        self.initial = put([p.initial_probs for p in starting])
        self.transition = put([p.transition_matrix for p in starting])
        self.means = put([p.means for p in starting])
        self.variances = put([np.broadcast_to(p.covariances, p.means.shape) for p in starting])

    def keep(self, kept: Tensor) -> None:
        """Drop all other lanes."""
        for name in ("x", "seen", "live", "initial", "transition", "means", "variances", "smoothed", "expected"):
            setattr(self, name, getattr(self, name)[kept])

    def write(self, state: dict[str, np.ndarray], going: np.ndarray, ended: np.ndarray) -> None:
        """Copy the parameters of the lanes that ended to the state of all lanes."""
        for name, value in (
            ("initial", self.initial),
            ("transition", self.transition),
            ("means", self.means.mT),
            ("covariances", self.variances.mT),
        ):
            state[name][:, going[ended]] = value.flatten(1).T.cpu().numpy()[:, ended]

    def expect(self) -> Tensor:
        """Fill smoothed (B, T, K) and expected transitions (B, K, K); returns the objective (B,)."""
        emissions = self._log_emissions()
        shift = emissions.amax(-1, keepdim=True)
        weights = (emissions - shift).exp()
        alpha, log_likelihood, beta = self._recursions(weights)
        smoothed = alpha * beta
        self.smoothed = smoothed / smoothed.sum(-1, keepdim=True) * self.live
        ahead = weights[:, 1:] * beta[:, 1:]
        joint = alpha[:, :-1, :, None] * self.transition[:, None] * ahead[:, :, None]
        joint = joint / joint.sum((-1, -2), keepdim=True)
        self.expected = (joint * self.live[:, 1:, None]).sum(1)
        return log_likelihood + shift.sum((1, 2)) + self._log_prior()

    def maximise(self) -> None:
        """New parameters from the expectations; means given variances, then variances given means."""
        c, N = self.config, self.smoothed.mT @ self.seen
        S1, S2 = self.smoothed.mT @ self.x, self.smoothed.mT @ self.x.square()
        first = self.smoothed[:, 0] + c.initial_weight
        self.initial = first / first.sum(-1, keepdim=True)
        moves = self.expected + self.counts
        total = moves.sum(-1, keepdim=True)
        self.transition = torch.where(total > TINY, moves / total.clamp_min(TINY), self.transition)
        precision = c.discount / self.variances
        weight = torch.einsum("djk,bkd->bjd", self.alike, precision * N) + c.mean_precision
        self.means = torch.einsum("djk,bkd->bjd", self.alike, precision * S1) / weight.clamp_min(TINY)
        squares = S2 + self.means * (self.means * N - 2.0 * S1)
        if c.tied:
            squares, N = squares.sum(1, keepdim=True).expand_as(N), N.sum(1, keepdim=True).expand_as(N)
        count = c.variance_weight + c.discount * N
        amount = c.variance_weight * c.variance_scale + c.discount * squares
        self.variances = (amount / count.clamp_min(TINY)).clamp_min(TINY_VARIANCE)

    def _log_emissions(self) -> Tensor:
        """(B, T, K) discounted log densities; zero in dead months."""
        precision = self.config.discount / self.variances
        constant = -0.5 * (self.config.discount * (LOG_2PI + self.variances.log()) + precision * self.means.square())
        linear = self.x @ (precision * self.means).mT
        return linear + self.x.square() @ (-0.5 * precision).mT + self.seen @ constant.mT

    def _recursions(self, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Filtered probabilities (B, T, K), log-likelihood (B,) of the weights, backward variables (B, T, K)."""
        K = weights.shape[-1]
        identity = torch.eye(K, dtype=weights.dtype, device=weights.device)
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

    def _log_prior(self) -> Tensor:
        c, counted = self.config, self.counts > 0
        total = (self.counts[counted] * self.transition[:, counted].log()).sum(-1)
        if c.initial_weight > 0.0:
            total = total + c.initial_weight * self.initial.log().sum(-1)
        shared = self.alike.sum(-1).T
        total = total - 0.5 * c.mean_precision * (self.means.square() / shared).sum((1, 2))
        own = self.variances[:, :1] if c.tied else self.variances
        return total - 0.5 * c.variance_weight * (own.log() + c.variance_scale / own).sum((1, 2))


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
