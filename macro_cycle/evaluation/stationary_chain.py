"""The forecast of the model's own chain with one transition matrix for all months: what its covariates have to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from macro_cycle.hmm.labels import recession_side

if TYPE_CHECKING:
    import pandas as pd

    from macro_cycle.hmm import MacroCycleHMM


class ChainForecast(NamedTuple):
    """Of 1, ..., H months after a panel's last: that a recession begins within (H,), and is under way after (H,)."""

    begins: np.ndarray
    recession: np.ndarray


def stationary_transitions(expected_transitions: np.ndarray) -> np.ndarray:
    """(K, K) shares of the transitions (K, K) that a panel is expected to hold; a regime never left stays.

    Without a prior it is what one step of EM makes of constant transitions (Baum and others 1970, AMS 41:164).
    """
    left = expected_transitions.sum(axis=1, keepdims=True)
    return np.where(left > 0, expected_transitions / np.where(left > 0, left, 1.0), np.eye(len(left)))


def stationary_chain(model: MacroCycleHMM, panel: pd.DataFrame, steps: int) -> ChainForecast:
    """What follows from the filter's answer about the panel's last month by the panel's mean transitions."""
    from macro_cycle.hmm import dynamics

    seen = model.smooth(panel)
    matrix = stationary_transitions(seen.expected_transitions)
    ahead, recession = np.broadcast_to(matrix, (steps, *matrix.shape)), recession_side(len(matrix))
    now = seen.filtered_probs[-1]
    return ChainForecast(
        dynamics.onset_probability(now, ahead, recession), dynamics.step_ahead(now, ahead)[:, recession].sum(axis=1)
    )
