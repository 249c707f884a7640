"""Whether numbers are parameters at all: probabilities that sum to one, positive definite covariances.

A start of the search that fails here is left aside; a stored model that does is refused.
"""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.structure import allowed_transitions

SUM_TOLERANCE = 1e-6
ROUNDING = 1e-9  # of a covariance's largest eigenvalue: columns that repeat one another leave others of nought
LEAST_DOF = 2.0  # below, a t has no variance


def fault_of(parameters: HMMParameters, config: HMMConfig) -> str:
    """What forbids to use the parameters with the configuration, in plain words; empty when nothing does."""
    return (
        _not_finite(parameters)
        or _no_distribution("initial_probs", parameters.initial_probs[None])
        or _no_distribution("transition_matrix", parameters.transition_matrix)
        or _no_covariance(parameters, config)
        or _no_dof(parameters)
    )


def fault_of_start(parameters: HMMParameters, config: HMMConfig) -> str:
    """Likewise for a start of the search: EM would keep a turn that the clock does not have.

    A fit may have one, once its regimes were named by their means alone.
    """
    fault = fault_of(parameters, config)
    if not fault and parameters.transition_matrix[~allowed_transitions(config)].any():
        return "transition_matrix has a turn against the clock"
    return fault


def mismatch_of(parameters: HMMParameters, config: HMMConfig, n_columns: int, n_covariates: int = 0) -> str:
    """In which way the parameters belong to another model; empty when they fit the configuration and columns.

    n_columns are emitted, n_covariates move the transitions.
    """
    own = (*parameters.means.shape, parameters.covariance_type)
    model = (config.n_regimes, n_columns, config.covariance_type)
    if own != model:
        return (
            f"{own[0]} regimes, {own[1]} columns and {own[2]} covariance; "
            f"the model has {model[0]}, {model[1]} and {model[2]}"
        )
    slopes = 0 if parameters.slopes is None else parameters.slopes.shape[-1]
    if slopes != n_covariates:
        return f"{slopes} covariates of the transitions; the model has {n_covariates}"
    if (parameters.dof is None) != (config.emission == "gaussian"):
        return f"an emission that is not {config.emission}"
    return ""


def _not_finite(parameters: HMMParameters) -> str:
    for name in ("initial_probs", "transition_matrix", "means", "covariances", "dof", "slopes"):
        value = getattr(parameters, name)
        if value is not None and not np.isfinite(value).all():
            return f"{name} holds a number that is not finite"
    return ""


def _no_distribution(name: str, rows: np.ndarray) -> str:
    if (rows < 0.0).any():
        return f"{name} holds a negative probability"
    furthest = rows.sum(axis=1)[np.abs(rows.sum(axis=1) - 1.0).argmax()]
    return "" if abs(furthest - 1.0) <= SUM_TOLERANCE else f"{name} sums to {furthest:.6g}, not to 1"


def _no_covariance(parameters: HMMParameters, config: HMMConfig) -> str:
    if not (parameters.variances > 0.0).all():
        return "covariances holds a variance that is not positive"
    if config.diagonal:
        return ""
    matrices = parameters.full_covariances
    if not np.allclose(matrices, np.swapaxes(matrices, -1, -2)):
        return "covariances is not symmetric"
    values = np.linalg.eigvalsh(matrices)
    return "covariances is not positive definite" if (values < -ROUNDING * values[..., -1:]).any() else ""


def _no_dof(parameters: HMMParameters) -> str:
    if parameters.dof is None or (parameters.dof > LEAST_DOF).all():
        return ""
    return f"dof holds a number that is not above {LEAST_DOF:g}"
