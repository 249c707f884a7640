"""The test equals a regression on a constant with a HAC variance, and keeps its level where nothing differs."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.diebold_mariano import advised_lags, diebold_mariano, long_run_variance


@pytest.mark.parametrize(("months", "lags"), [(60, 3), (300, 12), (680, 34)])
def test_the_variance_is_that_of_statsmodels(months, lags):
    rng = np.random.default_rng(months)
    loss, rival = np.convolve(rng.normal(size=months + 5), np.ones(6), "valid") ** 2, rng.normal(size=months) ** 2
    found = diebold_mariano(loss, rival, horizon=1, lags=lags)
    fit = sm.OLS(loss - rival, np.ones(months)).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    assert found.standard_error == pytest.approx(fit.bse[0])
    statistic = fit.tvalues[0] * np.sqrt((months - 1) / months)
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(2 * student.sf(abs(statistic), months - 1))


@pytest.mark.parametrize("horizon", [1, 4, 12])
def test_the_correction_is_that_of_harvey_leybourne_and_newbold(horizon):
    rng = np.random.default_rng(horizon)
    d, T = rng.normal(size=80), 80
    plain = d.mean() / np.sqrt(long_run_variance(d, 3) / T)
    factor = (T + 1 - 2 * horizon + horizon * (horizon - 1) / T) / T
    assert diebold_mariano(d, np.zeros(T), horizon, 3).statistic == pytest.approx(plain * np.sqrt(factor))


def test_it_rejects_about_as_often_as_it_says_where_nothing_differs():
    rng = np.random.default_rng(8)
    rejected = [
        diebold_mariano(np.convolve(rng.normal(size=405), np.ones(6), "valid"), np.zeros(400)).p_value < 0.05
        for _ in range(400)
    ]
    assert 0.02 < np.mean(rejected) < 0.11


def test_swapping_the_two_turns_the_sign():
    rng = np.random.default_rng(9)
    a, b = rng.random(100), rng.random(100)
    one, other = diebold_mariano(a, b), diebold_mariano(b, a)
    assert one.statistic == pytest.approx(-other.statistic)
    assert one.p_value == pytest.approx(other.p_value)


def test_too_few_months_or_equal_losses_are_not_compared():
    assert diebold_mariano(np.ones(10), np.zeros(10)) is None
    assert diebold_mariano(np.ones(100), np.ones(100)) is None
    with pytest.raises(MacroCycleError, match="same months"):
        diebold_mariano(np.ones(100), np.ones(99))


def test_lags_grow_with_the_root_of_the_months():
    assert (advised_lags(680), advised_lags(100), advised_lags(24)) == (34, 13, 7)
