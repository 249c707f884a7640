"""The attribution adds up, ignores the idle and treats equals equally, whichever way it is computed."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.evaluation.attribution import LARGE, SMALL, shapley

PLAYERS = (2, SMALL, SMALL + 2, LARGE + 2)


def random_game(n: int, seed: int):
    """A game of many-sided interactions: the logistic of a sum, as a probability of a model is."""
    generator = np.random.default_rng(seed)
    weights, pairs = generator.normal(size=n), generator.normal(size=(n, n)) / n

    def value(coalition: int) -> float:
        inside = np.array([coalition >> i & 1 for i in range(n)], float)
        return float(1 / (1 + np.exp(-(weights @ inside + inside @ pairs @ inside))))

    return value


def by_definition(value, n: int) -> np.ndarray:
    """The mean over all orders of what each player adds."""
    shares = np.zeros(n)
    for order in itertools.permutations(range(n)):
        coalition = 0
        for player in order:
            shares[player] += value(coalition | 1 << player) - value(coalition)
            coalition |= 1 << player
    return shares / math.factorial(n)


@pytest.mark.parametrize("n", PLAYERS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_shares_add_up_to_the_whole_change(n, seed):
    value = random_game(n, seed)
    shares, _ = shapley(value, n)
    assert shares.sum() == pytest.approx(value((1 << n) - 1) - value(0), abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_enumeration_is_the_mean_over_all_orders(seed):
    value = random_game(5, seed)
    shares, error = shapley(value, 5)
    np.testing.assert_allclose(shares, by_definition(value, 5), atol=1e-14)
    assert error == 0


@pytest.mark.parametrize("n", PLAYERS)
def test_a_player_that_changes_nothing_gets_exactly_nothing(n):
    game = random_game(n, 3)
    shares, _ = shapley(lambda coalition: game(coalition & ~1), n, tolerance=1.0)
    assert shares[0] == 0


def test_players_that_do_the_same_get_the_same():
    n = SMALL

    def value(coalition: int) -> float:
        first, second = coalition & 1, coalition >> 1 & 1
        return float(np.tanh(first + second + 0.3 * (coalition >> 2).bit_count()))

    shares, _ = shapley(value, n)
    assert shares[0] == pytest.approx(shares[1], abs=1e-14)


def test_pairs_of_opposite_orders_are_exact_where_players_interact_two_by_two():
    n, generator = LARGE + 3, np.random.default_rng(1)
    weights, pairs = generator.normal(size=n), np.triu(generator.normal(size=(n, n)), 1)

    def value(coalition: int) -> float:
        inside = np.array([coalition >> i & 1 for i in range(n)], float)
        return float(weights @ inside + inside @ pairs @ inside)

    shares, error = shapley(value, n)
    np.testing.assert_allclose(shares, weights + (pairs + pairs.T).sum(axis=1) / 2, atol=1e-12)
    assert error < 1e-12


def test_sampling_comes_within_its_error_of_enumeration():
    value = random_game(LARGE - 2, 7)
    sampled, error = shapley(value, LARGE - 2, tolerance=1.0)
    exact, none = shapley(value, LARGE - 2, tolerance=0.0)
    assert none == 0 < error
    assert np.abs(sampled - exact).max() < 4 * error


def test_no_players_share_nothing():
    shares, error = shapley(lambda _: 0.3, 0)
    assert shares.size == 0
    assert error == 0
