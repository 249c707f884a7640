"""EM in torch for all windows' starts: lanes go together, a chunk at a time, and leave when they have converged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.em import EMOutcome, outcome_of, stack_lanes
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.search import Named
from macro_cycle.hmm.starts import starts
from macro_cycle.hmm.torch_em.chain import Chain
from macro_cycle.hmm.torch_em.correlated import CorrelatedCells
from macro_cycle.hmm.torch_em.independent import IndependentCells
from macro_cycle.hmm.torch_em.lanes import Structure, longest, stacked, to_device

LARGE_BATCH = 2000  # lanes from which the wide steps fill a GPU
LARGEST_TENSOR = 2**26  # numbers: half a GiB; some ten tensors of that size live at a time


def worth_a_gpu(samples: Sequence[Observations], config: HMMConfig) -> bool:
    """Whether a CUDA device is present and the windows' starts, all of the same columns, are many."""
    alike = len({s.columns for s in samples}) == 1
    return alike and len(samples) * config.n_restarts >= LARGE_BATCH and torch.cuda.is_available()


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
    numbers = _emissions(config).numbers_per_lane(samples, config.n_regimes)
    with torch.no_grad():
        for going in _chunks(len(starting), max(LARGEST_TENSOR // numbers, 1)):
            _run_chunk(state, going, samples, config, device)
    return [outcome_of(state, b, start, config) for b, start in enumerate(starting)]


def _emissions(config: HMMConfig) -> type[IndependentCells] | type[CorrelatedCells]:
    return IndependentCells if config.diagonal else CorrelatedCells


def _chunks(n: int, width: int) -> list[np.ndarray]:
    return [np.arange(begin, min(begin + width, n)) for begin in range(0, n, width)]


def _run_chunk(
    state: dict[str, np.ndarray], going: np.ndarray, samples: Sequence[Observations], config: HMMConfig, device: str
) -> None:
    """Run the lanes `going` of the state to their ends."""
    model = _Model(state, going, [samples[b] for b in going], config, device)
    while True:
        stays = _record(state, going, model.expect().cpu().numpy(), samples, config)
        model.write(state, going, ~stays)
        if not stays.any():
            return
        going = going[stays]
        model.keep(torch.from_numpy(np.flatnonzero(stays)).to(device))
        model.maximise()


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


class _Model:
    """Chain and emissions of the lanes that still run."""

    def __init__(
        self,
        state: dict[str, np.ndarray],
        going: np.ndarray,
        samples: Sequence[Observations],
        config: HMMConfig,
        device: str,
    ) -> None:
        def of(name: str) -> Tensor:
            return to_device(state[name][:, going].T, device)

        K, D = config.n_regimes, len(samples[0].columns)
        structure = Structure.of(config, samples[0].columns, device)
        live = stacked([np.ones((len(s.values), 1)) for s in samples], longest(samples))
        self.chain = Chain(structure, of("initial"), of("transition").unflatten(1, (K, K)), to_device(live, device))
        means = of("means").unflatten(1, (D, K)).mT
        self.cells = _emissions(config)(structure, samples, means, of("covariances"), of("dof"))

    def expect(self) -> Tensor:
        """The E-step; returns the objective (B,)."""
        log_likelihood = self.chain.expect(self.cells.log_densities())
        return log_likelihood + self.chain.log_prior() + self.cells.log_prior()

    def maximise(self) -> None:
        """The M-step."""
        self.chain.maximise()
        self.cells.maximise(self.chain.smoothed)

    def keep(self, kept: Tensor) -> None:
        """Drop all other lanes."""
        self.chain.keep(kept)
        self.cells.keep(kept)

    def write(self, state: dict[str, np.ndarray], going: np.ndarray, ended: np.ndarray) -> None:
        """Copy the parameters of the lanes that ended to the state of all lanes."""
        for name, value in (
            ("initial", self.chain.initial),
            ("transition", self.chain.transition.flatten(1)),
            ("means", self.cells.means.mT.flatten(1)),
            ("covariances", self.cells.spread()),
            ("dof", self.cells.dof),
        ):
            state[name][:, going[ended]] = value.T.cpu().numpy()[:, ended]
