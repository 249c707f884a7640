"""What the regimes are, before estimation: names, the clock they follow, and which means they share.

The business-cycle clock crosses the level of activity with its momentum:

    Expansion   activity high, improving        Contraction   activity low, fading
    Peak        activity high, fading           Trough        activity low, improving

It turns Expansion -> Peak -> Contraction -> Trough -> Expansion. With three regimes the trough is merged into
its neighbours, with two the momentum is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from macro_cycle.hmm.config import HMMConfig

LABELS = {
    2: ("Expansion", "Contraction"),
    3: ("Expansion", "Peak", "Contraction"),
    4: ("Expansion", "Peak", "Contraction", "Trough"),
}
ACTIVITY = {2: (0, 1), 3: (0, 0, 1), 4: (0, 0, 1, 1)}
MOMENTUM = {2: (0, 1), 3: (0, 1, 1), 4: (0, 1, 1, 0)}
RECESSION = {2: (1,), 3: (2,), 4: (2, 3)}

# Dirichlet pseudo-counts of the clock: long expansions, short turns; a zero is a turn that does not exist.
CLOCK = {
    2: ((20.0, 1.0), (2.0, 12.0)),
    3: ((20.0, 2.0, 0.0), (1.0, 12.0, 2.0), (2.0, 0.0, 12.0)),
    4: ((20.0, 2.0, 0.0, 0.0), (1.0, 12.0, 2.0, 0.0), (0.0, 0.0, 12.0, 2.0), (2.0, 0.0, 1.0, 6.0)),
}


def mean_groups(config: HMMConfig, columns: Sequence[str]) -> np.ndarray:
    """(D, K) integers: regimes with the same number share column d's mean."""
    K = config.n_regimes
    own = tuple(range(K))
    axis = {"activity": ACTIVITY[K], "momentum": MOMENTUM[K], "free": own}
    if config.structure == "free":
        return np.tile(np.array(own, dtype=np.int64), (len(columns), 1))
    return np.array([axis[config.roles.get(c, "activity")] for c in columns], dtype=np.int64)


def transition_counts(config: HMMConfig) -> np.ndarray:
    """(K, K) Dirichlet pseudo-counts added to the expected transitions."""
    K = config.n_regimes
    if config.structure == "cycle":
        return config.transition_strength * np.array(CLOCK[K])
    return config.transition_strength * config.stickiness * np.eye(K)


def covariates_of(config: HMMConfig, columns: Sequence[str]) -> np.ndarray:
    """(D,) True for the columns that are covariates of the transitions; the others are emitted."""
    return np.array([config.roles.get(c) == "transition" for c in columns], dtype=bool)


def tilted_transitions(config: HMMConfig) -> np.ndarray:
    """(K, K) True where a transition has slopes: moves out of `config.varying_from`; staying is their base."""
    K = config.n_regimes
    moves = allowed_transitions(config) & ~np.eye(K, dtype=bool)
    if config.structure == "free":
        return moves
    return moves & np.isin(LABELS[K], config.varying_from)[:, None]


def allowed_transitions(config: HMMConfig) -> np.ndarray:
    """(K, K) True where the transition exists."""
    K = config.n_regimes
    return np.array(CLOCK[K]) > 0 if config.structure == "cycle" else np.ones((K, K), dtype=bool)
