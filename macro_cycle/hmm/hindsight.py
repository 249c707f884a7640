"""What will later be believed of the newest month: parameters unknown, data revised and completed, months to come.

Here: the simulation. Not here: how large revisions are (`revisions.py`), and the posterior of the parameters.

For each draw of the parameters, regimes of the last months are drawn from what is known, and regimes of the months to
come from the transitions. Those regimes emit the cells not yet published and the months to come; published cells
are moved by a revision. Smoothing all that under the same parameters gives what is then believed of the newest month.

The model's discount eta says that a month's cells carry eta times the news of independent ones. So simulated cells
deviate from their regime's means by 1 / sqrt(eta) standard deviations: of a Normal, density to the power eta is the
density of these but for a constant, and what is believed later is calibrated under what is believed now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from macro_cycle.hmm.emissions import log_densities
from macro_cycle.hmm.inference import forward_backward_many
from macro_cycle.hmm.labels import recession_side
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.revisions import RevisionSizes
from macro_cycle.hmm.simulation import emit

if TYPE_CHECKING:
    from macro_cycle.hmm.posterior.posterior import Posterior

MONTHS = 24  # from now to what is called later
WINDOW = 12  # newest months in which cells are still revised or missing


def believed_later(
    posterior: Posterior,
    panel: pd.DataFrame | np.ndarray,
    revisions: RevisionSizes,
    months: int = MONTHS,
    seed: int = 0,
) -> np.ndarray:
    """(S,) recession probability of the panel's newest month as it may be believed `months` later, one a draw."""
    rng, model = np.random.default_rng(seed), posterior.model
    observations, filtered = model.observations(panel), posterior.filtered(panel, newest=WINDOW + 1)
    S, T, K = filtered.shape
    window = min(WINDOW, T)
    into = _transitions(posterior, panel, observations, window, months)
    states = _paths(filtered[:, T - window :], into, rng)
    newest = observations.values[-window:]
    sizes = revisions.of(observations.columns, window)
    densities = np.empty((S, window + months, K))
    for s in range(S):
        parameters = posterior.draws.parameters(s, model.config.covariance_type)
        later = emit(parameters, states[s], rng, 1.0 / np.sqrt(model.config.discount))
        revised = newest + sizes * rng.standard_normal(sizes.shape)
        later[:window] = np.where(np.isnan(newest), later[:window], revised)
        later[:, np.isnan(newest).all(axis=0)] = np.nan
        densities[s] = log_densities(parameters, _held(later, model.config.winsor, observations.columns))
    first = posterior.draws.initial_probs
    if window < T:
        first = np.einsum("sk,skj->sj", filtered[:, T - 1 - window], into[:, 0])
    smoothed = forward_backward_many(model.config.discount * densities, first, into).smoothed_probs
    return np.asarray(smoothed[:, window - 1][:, recession_side(K)].sum(axis=1).clip(0.0, 1.0))


def _transitions(
    posterior: Posterior, panel: pd.DataFrame | np.ndarray, observations: Observations, window: int, months: int
) -> np.ndarray:
    """(S, window + months, K, K) into the newest months and those after, on one path of the covariates a draw."""
    draws = posterior.draws
    known = np.empty((window, 0)) if draws.slopes is None else observations.covariates[-window:]
    newest = np.stack([draws.transitions(s, known) for s in range(len(draws))])
    return np.concatenate([newest, posterior.on_a_path_each(panel, months)], axis=1)


def _paths(filtered: np.ndarray, into: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(S, M) regimes drawn given what is known: backward through the window (Chib, 1996), forward beyond it.

    filtered (S, window, K); into (S, M, K, K), the first leads into the window's first month.
    """
    (S, M), window = into.shape[:2], filtered.shape[1]
    draw, states = np.arange(S), np.empty((S, M), dtype=np.int64)
    states[:, window - 1] = _drawn(filtered[:, window - 1], rng)
    for t in range(window - 2, -1, -1):
        states[:, t] = _drawn(filtered[:, t] * into[draw, t + 1, :, states[:, t + 1]], rng)
    for t in range(window, M):
        states[:, t] = _drawn(into[draw, t, states[:, t - 1]], rng)
    return states


def _drawn(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(S,) places drawn with probability proportional to weights (S, K)."""
    cumulative = np.cumsum(weights, axis=1)
    below = rng.random((len(weights), 1)) * cumulative[:, -1:] >= cumulative
    return np.minimum(below.sum(axis=1), weights.shape[1] - 1)


def _held(values: np.ndarray, limit: float | None, columns: tuple[str, ...]) -> Observations:
    held = values if limit is None else np.clip(values, -limit, limit)
    return Observations(held, pd.RangeIndex(len(held)), columns, not np.isnan(held).any())
