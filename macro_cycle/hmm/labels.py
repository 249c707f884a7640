"""Naming regimes by their economics, never by their index.

Let a_j be regime j's mean over the activity columns and m_j its mean over the momentum columns (both in
standardised units, up = good; without momentum columns m_j is the expected change of activity next month,
sum_i A[j, i] a_i - a_j). Then

- k = 2: Contraction is the lower a_j;
- k = 3: Contraction is the lowest a_j; of the other two the lower m_j is the Peak;
- k = 4: the two lower a_j are Contraction (the lower m_j of them) and Trough, the two higher Peak (lower m_j)
  and Expansion.

Ties in a_j (regimes that share the activity means) are broken by m_j. Recession probability is the
posterior mass of the low-activity regimes: Contraction, and Trough where there is one.

A month is labelled by its side of the cycle first, by the direction inside that side second, and the direction holds
until the other one is clearly more probable (`label_positions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.structure import LABELS, RECESSION

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

CLEARLY = 2.0 / 3.0  # of the probability of a side: twice as likely as the other direction


def activity_and_momentum(
    parameters: HMMParameters, config: HMMConfig, columns: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) a_j and (K,) m_j of the module's definition."""
    roles = np.array([config.roles.get(c, "activity") for c in columns])
    active = roles == "activity" if (roles == "activity").any() else np.ones(len(roles), dtype=bool)
    activity = parameters.means[:, active].mean(axis=1)
    if (roles == "momentum").any():
        return activity, parameters.means[:, roles == "momentum"].mean(axis=1)
    return activity, parameters.transition_matrix @ activity - activity


def economic_order(parameters: HMMParameters, config: HMMConfig, columns: Sequence[str]) -> np.ndarray:
    """(K,) the regime that deserves each label of `LABELS[K]`, in that order."""
    activity, momentum = activity_and_momentum(parameters, config, columns)
    by_activity = np.lexsort((momentum, activity))
    K = len(activity)
    if K == 2:
        return by_activity[::-1]
    low, high = by_activity[: K // 2], by_activity[K // 2 :]
    falling_first = low[np.argsort(momentum[low], kind="stable")]
    rising_first = high[np.argsort(-momentum[high], kind="stable")]
    return np.concatenate([rising_first, falling_first])


def label_names(n_regimes: int) -> tuple[str, ...]:
    """Names in canonical order; regime j of a fitted model bears the j-th."""
    return LABELS[n_regimes]


def label_positions(probs: Float[np.ndarray, "T K"]) -> Int[np.ndarray, "T"]:
    """(T,) the regime whose name each month bears, given probs (T, K) of consecutive months in canonical order.

    The side of the cycle comes first, recession where its probability exceeds one half; the direction second, the most
    probable regime of that side. While the side stays, the direction changes only to a regime with at least
    `CLEARLY` of the side's probability. So a label and its recession probability never contradict each other, which the
    most probable of all regimes can, and a direction near one half does not come and go.
    """
    side = recession_side(probs.shape[-1]) == (recession_probability(probs) > 0.5)[..., None]
    inside = np.where(side, probs, -1.0)
    best = inside.argmax(axis=-1)
    clear = probs.max(axis=-1, where=side, initial=0.0) >= CLEARLY * probs.sum(axis=-1, where=side)
    held = best.copy()
    for t in np.flatnonzero(~clear[1:]) + 1:
        if side[t, held[t - 1]]:
            held[t] = held[t - 1]
    return held


def recession_side(n_regimes: int) -> Bool[np.ndarray, "K"]:
    """(K,) True for the regimes of low activity, in canonical order."""
    return np.isin(np.arange(n_regimes), RECESSION[n_regimes])


def recession_probability(probs: Float[np.ndarray, "*months K"]) -> Float[np.ndarray, "*months"]:
    """(T,) mass of the contraction side of the cycle, never above 1; probs (T, K) in canonical order."""
    mass = probs[..., list(RECESSION[probs.shape[-1]])].sum(axis=-1)
    return np.asarray(np.minimum(mass, 1.0))
