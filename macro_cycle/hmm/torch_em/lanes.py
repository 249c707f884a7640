"""What every part of the torch path stands on: tensors with one row per lane, and the lanes' months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.structure import mean_groups, transition_counts


class Lanes:
    """An object all of whose own tensors have the lane as their first axis."""

    def keep(self, kept: Tensor) -> None:
        """Drop all lanes but those at the places `kept`."""
        for name, value in list(vars(self).items()):
            if isinstance(value, Tensor):
                setattr(self, name, value[kept])


@dataclass(frozen=True)
class Structure:
    """What all lanes share.

    counts (K, K): pseudo-counts of transitions. alike (D, K, K): 1 where two regimes share the mean of a column.
    slots (D, K, M): which of the M distinct means each one is.
    """

    config: HMMConfig
    counts: Tensor
    alike: Tensor
    slots: Tensor
    device: str

    @classmethod
    def of(cls, config: HMMConfig, columns: Sequence[str], device: str) -> Structure:
        """The structure of a configuration on a device."""
        groups = mean_groups(config, columns)
        alike = groups[:, :, None] == groups[:, None, :]
        first = alike.argmax(2) + config.n_regimes * np.arange(len(groups))[:, None]
        slots = first[..., None] == np.unique(first)
        counts = to_device(transition_counts(config), device)
        return cls(config, counts, to_device(alike, device), to_device(slots, device), device)

    def mean_log_prior(self, means: Tensor) -> Tensor:
        """Log density (B,) of the prior of the distinct means among (B, K, D), up to a constant."""
        return -0.5 * self.config.mean_precision * (means.square() / self.alike.sum(-1).T).sum((1, 2))


class Cells(Lanes):
    """Emissions' common part: x (B, T, D), zero where missing; means (B, K, D); dof (B, D), not read when Gaussian."""

    def __init__(self, structure: Structure, samples: Sequence[Observations], means: Tensor, dof: Tensor) -> None:
        self.structure = structure
        self.x = to_device(stacked([s.filled for s in samples], longest(samples)), structure.device)
        self.means, self.dof = means, dof
        self.student = structure.config.emission == "student_t"
        self.free_dof = self.student and structure.config.dof == "estimated"


def to_device(array: Any, device: str) -> Tensor:
    """A float64 copy on the device."""
    return torch.tensor(np.asarray(array), dtype=torch.float64, device=device)


def stacked(arrays: Sequence[np.ndarray], length: int, beyond: float = 0.0) -> np.ndarray:
    """Arrays (t, ...) of several lengths as one (B, length, ...), filled up beyond their ends."""
    result = np.full((len(arrays), length, *arrays[0].shape[1:]), beyond)
    for b, array in enumerate(arrays):
        result[b, : len(array)] = array
    return result


def longest(samples: Sequence[Observations]) -> int:
    """T."""
    return max(len(s.values) for s in samples)
