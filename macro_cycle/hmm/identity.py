"""Whether regimes are the same from one fit to the next: minimum-cost matching with a confidence.

Regimes are named by economics in every fit (`labels.py`), so the matching should be the identity; where it
is not, or where another pairing is nearly as good, the new model means something else by the same names and
should not serve before somebody looked.

The confidence compares how far the regimes moved with how far they would have to have moved under the next best
pairing. It is a ratio of costs, because their difference says how near the regimes lie to one another in either
model: Expansion and Peak, which differ in momentum alone, are neighbours without ever changing places.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.model import MacroCycleHMM

ROUNDING = 1e-9  # the distance of regimes that are the same
LEAST_CONFIDENCE = 0.5  # what regimes have left that went 41 % of the way to changing places


@dataclass(frozen=True)
class Matching:
    """permutation[j]: the challenger's regime that is the incumbent's regime j; cost: its total distance.

    confidence: 1 - cost / cost of the next best pairing, in [0, 1]. It is 1 where no regime moved, whatever its name,
    and 0 where another pairing is as good: two regimes met halfway, or were one from the beginning.
    """

    permutation: tuple[int, ...]
    cost: float
    confidence: float

    @property
    def names_kept(self) -> bool:
        """Whether each regime is paired with the one of its name."""
        return self.permutation == tuple(range(len(self.permutation)))

    @property
    def ambiguous(self) -> bool:
        """Whether the pairing has too little confidence to be relied on."""
        return self.confidence < LEAST_CONFIDENCE


def match_regimes(incumbent: MacroCycleHMM, challenger: MacroCycleHMM) -> Matching:
    """Pair regimes by the Bhattacharyya distance of their emissions, over the columns both models have.

    Standardised units make the pairing blind to rebased series. Raises MacroCycleError when nothing can be
    compared.
    """
    K = incumbent.config.n_regimes
    if challenger.config.n_regimes != K:
        raise MacroCycleError(
            f"the models have {K} and {challenger.config.n_regimes} regimes: the numbers must be equal"
        )
    distance = _distances(incumbent, challenger)
    pairings = list(permutations(range(K)))
    costs = np.array([distance[range(K), pairing].sum() for pairing in pairings])
    first, second = np.argsort(costs, kind="stable")[:2]
    confidence = 1.0 - costs[first] / costs[second] if costs[second] > ROUNDING else 0.0
    return Matching(pairings[first], float(costs[first]), float(confidence))


def _distances(incumbent: MacroCycleHMM, challenger: MacroCycleHMM) -> np.ndarray:
    """(K, K) Bhattacharyya distances of independent Normals, summed over the common columns."""
    common = [c for c in incumbent.emitted if c in challenger.emitted]
    if not common:
        raise MacroCycleError("the models share no column: regimes cannot be compared")
    mean_a, variance_a = _moments(incumbent, common)
    mean_b, variance_b = _moments(challenger, common)
    total = variance_a[:, None] + variance_b[None]
    gap = (mean_a[:, None] - mean_b[None]) ** 2 / total
    shape = np.log(total / (2.0 * np.sqrt(variance_a[:, None] * variance_b[None])))
    return np.asarray((0.25 * gap + 0.5 * shape).sum(axis=2))


def _moments(model: MacroCycleHMM, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    where = [model.emitted.index(c) for c in columns]
    return model.parameters.means[:, where], model.parameters.variances[:, where]
