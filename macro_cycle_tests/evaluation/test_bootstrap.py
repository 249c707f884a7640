"""The bootstrap's bands equal what its inventors proved of it; a seeded band is the same every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.bootstrap import band, stationary_indices
from macro_cycle.evaluation.metrics import auroc, brier


def politis_romano_variance(values: np.ndarray, p: float) -> float:
    """Variance of the resample's mean given the sample (Politis and Romano 1994, lemma 1)."""
    n, centered = len(values), values - values.mean()
    circular = np.array([centered @ np.roll(centered, -lag) / n for lag in range(n)])
    lags = np.arange(1, n)
    return float(circular[0] + 2 * ((1 - lags / n) * (1 - p) ** lags) @ circular[1:]) / n


@pytest.mark.parametrize("block", [1, 4, 24])
def test_the_resamples_mean_has_the_variance_that_was_proved(block):
    rng = np.random.default_rng(3)
    values = np.convolve(rng.normal(size=212), np.ones(12) / 12, "valid")
    rows = stationary_indices(len(values), 20_000, block, np.random.default_rng(4))
    means = values[rows].mean(axis=1)
    assert means.mean() == pytest.approx(values.mean(), abs=5 * means.std() / np.sqrt(len(means)))
    assert means.var() == pytest.approx(politis_romano_variance(values, 1 / block), rel=0.05)


@given(st.integers(1, 60), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_blocks_run_on_in_a_circle(length, block, seed):
    rows = stationary_indices(length, 3, block, np.random.default_rng(seed))
    assert rows.shape == (3, length)
    assert ((rows >= 0) & (rows < length)).all()
    if block > 1:
        follows = (rows[:, 1:] - rows[:, :-1]) % length == 1 % length
        assert length == 1 or follows.mean() >= 0


def test_the_mean_length_of_a_block_is_what_was_asked_for():
    rows = stationary_indices(400, 400, 10, np.random.default_rng(5))
    breaks = ((rows[:, 1:] - rows[:, :-1]) % 400 != 1).mean()
    assert 1 / breaks == pytest.approx(10, rel=0.05)


def test_a_band_holds_its_figure_and_is_the_same_every_time():
    rng = np.random.default_rng(6)
    y = rng.random(300) < 0.2
    p = np.clip(0.6 * y + 0.4 * rng.random(300), 0, 1)
    for statistic in (auroc, brier):
        first, again = (band(statistic, p, y) for _ in range(2))
        assert first == again
        assert first.low <= first.value <= first.high


def test_what_resamples_often_leave_undefined_has_no_band():
    p, y = np.linspace(0, 1, 60), np.zeros(60, bool)
    assert band(auroc, p, y).value is None
    y[-1] = True
    found = band(auroc, p, y, block=1)
    assert found.value == 1
    assert found.low is None


def test_a_block_shorter_than_a_month_is_refused():
    with pytest.raises(MacroCycleError, match="at least 1"):
        stationary_indices(10, 2, 0.5, np.random.default_rng(0))
