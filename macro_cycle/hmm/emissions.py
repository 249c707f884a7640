"""log p(y_t | z_t = j): what a month's numbers say about the regimes, before discounting."""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.kernels.densities import diagonal_log_densities, full_log_densities
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters


def log_densities(parameters: HMMParameters, values: np.ndarray | Observations) -> np.ndarray:
    """(T, K) log densities of standardised values (T, D); missing cells (NaN) are integrated out exactly."""
    observations = values if isinstance(values, Observations) else Observations.of(values)
    means, covariances, dof = parameters.regimes_last
    regimes = (0,) * parameters.n_regimes
    if parameters.covariance_type in ("diag", "tied_diag"):
        return diagonal_log_densities(observations.filled, observations.observed, means, covariances, dof, regimes)
    patterns, pattern_of = observations.patterns
    return full_log_densities(observations.filled, patterns, pattern_of, means, covariances, dof, regimes)
