"""log p(y_t | z_t = j): what a month's numbers say about the regimes, before discounting."""

from __future__ import annotations

import numpy as np
import pandas as pd

from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters


def log_densities(parameters: HMMParameters, values: np.ndarray | Observations) -> np.ndarray:
    """(T, K) log densities of standardised values (T, D); missing cells (NaN) are integrated out exactly."""
    from macro_cycle.hmm.kernels.densities import diagonal_log_densities, full_log_densities

    observations = values if isinstance(values, Observations) else _bare(values)
    dof = np.empty(0) if parameters.dof is None else parameters.dof
    if parameters.covariance_type in ("diag", "tied_diag"):
        means, regimes = np.ascontiguousarray(parameters.means.T), (0,) * parameters.n_regimes
        variances = np.ascontiguousarray(np.broadcast_to(parameters.covariances, parameters.means.shape).T)
        return diagonal_log_densities(observations.filled, observations.observed, means, variances, dof, regimes)
    patterns, pattern_of = observations.patterns
    covariances = np.ascontiguousarray(parameters.full_covariances)
    return full_log_densities(observations.filled, patterns, pattern_of, parameters.means, covariances, dof)


def _bare(values: np.ndarray) -> Observations:
    values = np.asarray(values, dtype=np.float64)
    return Observations(values, pd.RangeIndex(len(values)), tuple(f"x{d}" for d in range(values.shape[1])))
