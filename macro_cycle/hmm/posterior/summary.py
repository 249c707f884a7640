"""The table of estimates and standard errors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from macro_cycle.hmm.posterior.draws import ParameterDraws
from macro_cycle.hmm.structure import allowed_transitions, mean_groups, tilted_transitions

if TYPE_CHECKING:
    from macro_cycle.hmm.model import MacroCycleHMM


def parameter_table(model: MacroCycleHMM, draws: ParameterDraws, tails: tuple[float, float]) -> pd.DataFrame:
    """Rows by name; estimate (MAP), std_error (standard deviation of the draws), low, high (their quantiles).

    All in standardised units. Variances stand for full covariances; tied numbers appear once.
    """
    names, estimates, columns = [], [], []
    for name, estimate, own in _numbers(model, draws):
        names.append(name)
        estimates.append(estimate)
        columns.append(own)
    sample = np.stack(columns, axis=1)
    low, high = np.quantile(sample, tails, axis=0)
    figures = {"estimate": estimates, "std_error": sample.std(axis=0, ddof=1), "low": low, "high": high}
    return pd.DataFrame(figures, index=pd.Index(names, name="parameter"))


def _numbers(model: MacroCycleHMM, draws: ParameterDraws) -> Iterator[tuple[str, float, np.ndarray]]:
    """(name, estimate, draws (S,)) of every distinct number."""
    p, labels, config = model.parameters, model.labels, model.config
    for j, label in enumerate(labels):
        yield f"initial {label}", p.initial_probs[j], draws.initial_probs[:, j]
    for i, j in np.argwhere(allowed_transitions(config)):
        yield f"{labels[i]} to {labels[j]}", p.transition_matrix[i, j], draws.transition_matrix[:, i, j]
    if p.slopes is not None and draws.slopes is not None:
        for (i, j), (c, covariate) in product(np.argwhere(tilted_transitions(config)), enumerate(model.covariates)):
            name = f"slope of {labels[i]} to {labels[j]} on {covariate}"
            yield name, p.slopes[i, j, c], draws.slopes[:, i, j, c]
    for d, (column, groups) in enumerate(zip(model.emitted, mean_groups(config, model.emitted), strict=True)):
        for j in np.unique(groups, return_index=True)[1]:
            sharing = " and ".join(labels[i] for i in np.flatnonzero(groups == groups[j]))
            yield f"mean of {column} in {sharing}", p.means[j, d], draws.means[:, j, d]
    for d, column in enumerate(model.emitted):
        for j in range(1 if config.tied else len(labels)):
            where = "" if config.tied else f" in {labels[j]}"
            yield f"variance of {column}{where}", p.variances[j, d], draws.variances[:, j, d]
    if config.emission == "student_t" and config.dof == "estimated" and p.dof is not None and draws.dof is not None:
        for d, column in enumerate(model.emitted if config.diagonal else ("all columns",)):
            yield f"degrees of freedom of {column}", p.dof[d], draws.dof[:, d]
