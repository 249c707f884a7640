"""Order-free attribution of a change to what caused it: the Shapley value of a game over causes.

The Shapley value (1953) is the one attribution that adds up to the whole change, gives nothing to a cause that
changes nothing in any company, gives equal causes equal shares and does not depend on an order of the causes.
"""

from collections.abc import Callable
from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

SMALL, LARGE = 6, 12
FEWEST_PAIRS, ENOUGH_PAIRS, MOST_PAIRS = 4, 16, 64
TOLERANCE = 0.005
SEED = 20_080_915

Game = Callable[[int], float]


def shapley(value: Game, n_players: int, tolerance: float = TOLERANCE) -> tuple[NDArray[np.float64], float]:
    """Shares (n,) of `value(everyone) - value(nobody)`, which they add up to, and their largest standard error.

    `value` is given a coalition as a number whose bit i says whether player i takes part; it is asked about each
    coalition once. Few players' coalitions are all enumerated. Many players are taken in random orders, each
    together with its reverse: such a pair is exact where no three players interact, and every order adds up to the
    whole change by itself. While the standard error exceeds `tolerance`, the pairs are doubled: up to `ENOUGH_PAIRS`,
    after which all coalitions are enumerated, or with more than `LARGE` players up to `MOST_PAIRS`. The draws are
    seeded, so that the same game has the same shares wherever it is asked about.
    """
    asked = cache(value)
    if n_players <= SMALL:
        return _enumerated(asked, n_players), 0.0
    generator, drawn, error = np.random.default_rng(SEED), np.empty((0, n_players)), np.inf
    while error > tolerance and len(drawn) < MOST_PAIRS:
        if len(drawn) >= ENOUGH_PAIRS and n_players <= LARGE:
            return _enumerated(asked, n_players), 0.0
        more = max(len(drawn), FEWEST_PAIRS)
        drawn = np.concatenate([drawn, _sampled(asked, n_players, more, generator)])
        error = float(drawn.std(axis=0, ddof=1).max() / np.sqrt(len(drawn)))
    return drawn.mean(axis=0), error


def _enumerated(value: Game, n: int) -> NDArray[np.float64]:
    shares = np.zeros(n)
    for coalition in range(1 << n):
        size = coalition.bit_count()
        for player in range(n):
            if not coalition >> player & 1:
                gain = value(coalition | 1 << player) - value(coalition)
                shares[player] += gain / (n * comb(n - 1, size))
    return shares


def _sampled(value: Game, n: int, pairs: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(pairs, n) mean gain of each player over an order and its reverse."""
    orders = [generator.permutation(n).tolist() for _ in range(pairs)]
    return np.array([(_gains(value, order) + _gains(value, order[::-1])) / 2 for order in orders])


def _gains(value: Game, order: list[int]) -> NDArray[np.float64]:
    """(n,) what each player adds to those before it."""
    gains, coalition, before = np.zeros(len(order)), 0, value(0)
    for player in order:
        coalition |= 1 << player
        now = value(coalition)
        gains[player], before = now - before, now
    return gains
