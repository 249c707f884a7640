"""An onset is what the chronology says it is; scores and the probit equal those of other packages."""

from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.binary_response import probit
from macro_cycle.evaluation.forecasts import forecast_score, onset, probit_in_real_time, recession_ahead
from macro_cycle_tests.evaluation.chronologies import NBER

DAY = pd.Timestamp("2026-07-31")
MONTHS = pd.date_range("1970-01-01", "2026-06-01", freq="MS")


@pytest.mark.parametrize("months", [3, 6, 12])
def test_an_onset_is_a_first_month_of_recession_within_the_horizon(months):
    found = onset(MONTHS, months, DAY, NBER)
    longer = pd.date_range("1970-01-01", "2027-12-01", freq="MS")
    low = NBER.recession_indicator(longer)
    begins = low & ~low.shift(1, fill_value=True)
    for month in found.dropna().index:
        ahead = begins[month + pd.DateOffset(months=1) : month + pd.DateOffset(months=months)]
        assert found[month] == ahead.any(), month
        assert not low[month]
    assert found[low[MONTHS].to_numpy()].isna().all()


@pytest.mark.parametrize("months", [3, 6, 12])
def test_a_recession_ahead_is_that_of_the_month_so_many_later(months):
    found = recession_ahead(MONTHS, months, DAY, NBER)
    for month in found.dropna().index:
        assert found[month] == NBER.recession_indicator(pd.DatetimeIndex([month + pd.DateOffset(months=months)]))[0]
    assert found[-months:].isna().all()


def test_what_was_not_settled_is_not_asked():
    found = onset(MONTHS, 12, pd.Timestamp("2008-11-30"), NBER)
    assert found["2006-12":].isna().all()
    assert onset(MONTHS, 12, pd.Timestamp("2008-12-01"), NBER)["2007-01":"2007-12"].eq(True).all()


@given(st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=2, max_size=50))
def test_scores_equal_sklearns(pairs):
    p, y = np.array([a / 100 for a, _ in pairs]), np.array([b for _, b in pairs])
    score = forecast_score(p, y)
    assert score.log_score == pytest.approx(-log_loss(y, p, labels=[False, True]))
    assert score.brier == pytest.approx(brier_score_loss(y, p, labels=[False, True], pos_label=True))
    if 0 < y.sum() < len(y):
        assert score.auroc == pytest.approx(roc_auc_score(y, p))


def test_miscalibration_is_what_no_monotone_map_of_the_probability_could_do_without():
    p = np.array([0.1, 0.1, 0.4, 0.4, 0.4, 0.9])
    y = np.array([False, True, False, False, True, True])
    grid = np.linspace(0, 1, 61)
    best = min(np.mean((np.repeat(q, [2, 3, 1]) - y) ** 2) for q in combinations_with_replacement(grid, 3))
    assert forecast_score(p, y).miscalibration == pytest.approx(np.mean((p - y) ** 2) - best, abs=1e-3)
    assert forecast_score([0.5, 0.5], [True, False]).miscalibration == pytest.approx(0.0)


def test_a_certainty_that_failed_costs_much_but_not_everything():
    assert np.isfinite(forecast_score([0.0, 1.0], [True, True]).log_score)


def test_the_probit_is_statsmodels():
    rng = np.random.default_rng(1)
    x = rng.normal(size=400)
    y = rng.normal(size=400) < -0.5 - 0.8 * x
    theirs = sm.Probit(y.astype(float), sm.add_constant(x)).fit(disp=False).params
    np.testing.assert_allclose(probit(x, y), theirs, atol=1e-3)


def test_a_probit_of_one_kind_of_months_is_refused():
    with pytest.raises(MacroCycleError, match="both kinds"):
        probit(np.arange(5.0), np.zeros(5, bool))


def test_the_probit_in_real_time_knows_nothing_later():
    rng = np.random.default_rng(2)
    index = pd.date_range("1960-01-01", "2009-12-01", freq="MS")
    spread = pd.Series(rng.normal(size=len(index)), index)
    asked = index[[300, 420, 500]]
    said = probit_in_real_time(spread, asked, asked + pd.offsets.MonthEnd(2), 12, NBER)
    changed = spread.copy()
    changed[asked[1] + pd.DateOffset(months=1) :] = 9.0
    again = probit_in_real_time(changed, asked, asked + pd.offsets.MonthEnd(2), 12, NBER)
    np.testing.assert_array_equal(said[:2], again[:2])
    assert np.isfinite(said).all()
