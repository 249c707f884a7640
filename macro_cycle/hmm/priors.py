"""The weak priors of MAP estimation, in standardised units.

A[i]    Dirichlet(1 + transition_counts[i])          pi    Dirichlet(1 + initial_count)
mean    Normal(0, 1 / mean_precision), one per distinct mean
Sigma   proportional to |Sigma|^(-n/2) exp(-n s tr(Sigma^-1) / 2): n pseudo-observations of mean square s
nu      Gamma(2, rate 1/10), when degrees of freedom are estimated (Juarez and Steel, 2010)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.structure import transition_counts


@dataclass(frozen=True)
class Prior:
    """Hyperparameters as the EM kernels take them; transition_counts (K, K), the rest are scalars."""

    transition_counts: np.ndarray
    initial_count: float
    mean_precision: float
    variance_weight: float
    variance_scale: float
    discount: float

    @classmethod
    def of(cls, config: HMMConfig) -> Prior:
        """The prior of a configuration."""
        return cls(
            transition_counts(config),
            config.initial_weight,
            config.mean_precision,
            config.variance_weight,
            config.variance_scale,
            config.discount,
        )
