"""Lloyd's algorithm (1982), for the starts of EM."""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import load, store


@kernel
def lloyd(z: np.ndarray, centres: np.ndarray, rounds: int, regimes: tuple[int, ...]) -> None:
    """Move centres (D, K) to the means of the months of z (T, D) nearest to them, until none changes sides.

    At most `rounds` times; a centre without months stays. regimes is a tuple of K zeros.
    """
    T, D = z.shape
    K = centres.shape[1]
    nearest, gap = np.full(T, -1), np.empty((1, K))
    half, count, total = np.empty((1, K)), np.empty(K), np.empty((D, K))
    for _ in range(rounds):
        half[:], count[:], total[:] = 0.0, 0.0, 0.0
        for d in range(D):
            for j in range(K):
                half[0, j] += 0.5 * centres[d, j] * centres[d, j]
        moved = False
        for t in range(T):
            distance = load(half, 0, regimes)
            for d in range(D):
                distance -= load(centres, d, regimes) * z[t, d]
            store(gap, 0, distance)
            where = 0
            for j in range(1, K):
                if gap[0, j] < gap[0, where]:
                    where = j
            moved = moved or nearest[t] != where
            nearest[t] = where
            count[where] += 1.0
            for d in range(D):
                total[d, where] += z[t, d]
        if not moved:
            return
        for j in range(K):
            if count[j] > 0.0:
                for d in range(D):
                    centres[d, j] = total[d, j] / count[j]
