"""The weak priors of MAP estimation, in standardised units.

A[i]    Dirichlet(1 + transition_counts[i])          pi    Dirichlet(1 + initial_count)
slope   Normal(0, 1 / slope_precision), one per covariate and move that depends on it
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
    """Hyperparameters as the EM kernels take them.

    transition_counts: (K, K). hyper: initial_count, mean_precision, variance_weight, variance_scale, discount,
    slope_precision.
    """

    transition_counts: np.ndarray
    hyper: tuple[float, float, float, float, float, float]

    @classmethod
    def of(cls, config: HMMConfig) -> Prior:
        """The prior of a configuration."""
        return cls(
            transition_counts(config),
            (
                float(config.initial_weight),
                float(config.mean_precision),
                float(config.variance_weight),
                float(config.variance_scale),
                float(config.discount),
                float(config.slope_precision),
            ),
        )
