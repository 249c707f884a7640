"""Rules are what was published of them, and no rival's answer depends on what was not known yet."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.binary_response import logit
from macro_cycle.evaluation.metrics import auroc
from macro_cycle.evaluation.rivals import all_rivals, answers_at, answers_by_day
from macro_cycle.evaluation.rivals.asked import estimation_day
from macro_cycle.evaluation.rivals.rival import panels_of
from macro_cycle.evaluation.rivals.rules import michez_probability, michez_rule, sahm_rule, term_spread
from macro_cycle.observations import Catalog
from macro_cycle.sources.sample import Sample
from macro_cycle_tests.evaluation.chronologies import NBER

CATALOG = Catalog.load()
NAMED = {rival.name: rival for rival in all_rivals(NBER)}
QUICK = [name for name, rival in NAMED.items() if rival.requires is None]

AS_PUBLISHED = [3.7, 3.6, 3.5, 3.8, 3.8, 3.9, 3.7, 3.7, 3.7, 3.9, 3.8, 3.9, 4.0, 4.1, 4.3]
"""Unemployment from May 2023 to July 2024, as it stood in August 2024."""


def levels(first: str, **columns: list[float]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    return pd.DataFrame(columns, pd.date_range(first, periods=length, freq="MS", name="reference_month"))


@pytest.fixture(scope="module")
def history():
    sample = Sample(CATALOG)
    return sample.observations(sample.available()).assign(realtime_end=pd.NaT)


def test_the_sahm_rule_is_freds_real_time_series():
    score = sahm_rule(levels("2023-05-01", UNRATE=AS_PUBLISHED))
    assert round(score[pd.Timestamp("2024-07-01")], 2) == 0.53


def test_the_sahm_rule_is_the_rise_above_the_lowest_of_the_last_year():
    rate = [4.0] * 6 + [3.7] * 3 + [4.0] * 6 + [4.6, 5.2]
    smooth = [sum(rate[max(t - 2, 0) : t + 1]) / len(rate[max(t - 2, 0) : t + 1]) for t in range(len(rate))]
    score = sahm_rule(levels("2000-01-01", UNRATE=rate))
    assert score.index[-1] == pd.Timestamp("2001-05-01")
    assert score.iloc[-1] == pytest.approx(smooth[-1] - min(smooth[-13:-1]))


def test_the_michez_rule_takes_the_smaller_move_and_its_two_thresholds_give_the_published_probability():
    unemployed, vacant = [4.0] * 13 + [4.9] * 3, [5.0] * 13 + [4.57] * 3
    panel = levels("2023-09-01", UNRATE=unemployed, V=vacant)
    assert michez_rule(panel, "V").iloc[-1] == pytest.approx(0.43)  # December 2024 as the authors give it
    assert round(michez_probability(panel, "V").iloc[-1], 2) == 0.27
    calm = levels("2023-09-01", UNRATE=unemployed, V=[5.0] * 16)
    assert michez_rule(calm, "V").iloc[-1] == pytest.approx(0)


def test_the_term_spread_speaks_of_the_month_a_year_later():
    spread = np.linspace(3, -2, 15)
    score = term_spread(levels("2000-01-01", GS10=list(spread + 5.0), TB3MS=[5.0] * 15))
    bill = 100 * 365 * 0.05 / (360 - 91 * 0.05)
    assert list(score.index) == list(pd.date_range("2001-01-01", periods=3, freq="MS"))
    assert score.iloc[0] == pytest.approx(norm.cdf(-0.5333 - 0.633 * (8.0 - bill)))
    assert (np.diff(score) > 0).all()


def test_the_logit_is_sklearns():
    rng = np.random.default_rng(1)
    x = rng.normal(size=500)
    y = rng.random(500) < 1 / (1 + np.exp(1 - 2 * x))
    theirs = LogisticRegression(C=np.inf, tol=1e-8).fit(x[:, None], y)
    np.testing.assert_allclose(logit(x, y), (theirs.intercept_[0], theirs.coef_[0, 0]), atol=2e-3)
    with pytest.raises(MacroCycleError, match="both kinds"):
        logit(x, np.zeros(500, bool))


@pytest.mark.parametrize("name", QUICK)
def test_an_answer_is_the_same_when_the_future_is_not_there(name, history):
    last = pd.Timestamp("1983-03-31")
    cut = history[history["realtime_start"] <= last]
    days = list(pd.date_range("1982-10-31", last, freq="ME"))
    full, early = (answers_at(NAMED[name], rows, CATALOG, days) for rows in (history, cut))
    pd.testing.assert_frame_equal(full, early)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMED if name not in QUICK])
def test_no_score_depends_on_a_later_month(name, history):
    day = pd.Timestamp("1985-12-31")
    panel = panels_of(NAMED[name], history, CATALOG).on(day)
    rule = NAMED[name].estimate(panel, day)
    full, cut = rule(panel), rule(panel[:"1982-12-01"])
    np.testing.assert_allclose(cut, full[cut.index], atol=1e-10)
    assert not NAMED[name].probability or full.dropna().between(0, 1).all()
    assert auroc(full, NBER.recession_indicator(pd.DatetimeIndex(full.index))) > 0.6


@pytest.mark.parametrize("name", QUICK)
def test_days_and_month_ends_give_the_same_answer(name, history):
    first, last = pd.Timestamp("1990-06-30"), pd.Timestamp("1991-02-28")
    by_day = answers_by_day(NAMED[name], history, CATALOG, [(first, last)])
    at_ends = answers_at(NAMED[name], history, CATALOG, list(pd.date_range(first, last, freq="ME")))
    stood = by_day.reindex(by_day.index.union(at_ends.index)).ffill().loc[at_ends.index]
    pd.testing.assert_frame_equal(stood, at_ends, check_freq=False, check_names=False)


@pytest.mark.parametrize("name", NAMED)
def test_a_rival_without_its_series_says_what_it_needs(name, history):
    with pytest.raises(MacroCycleError, match=r"needs .*(UNRATE|GS10|INDPRO|PAYEMS)"):
        panels_of(NAMED[name], history[history["series_id"] == "HOUST"], CATALOG)


def test_a_rival_is_estimated_at_the_same_month_end_on_whatever_days_it_is_asked():
    days = pd.date_range("2001-03-31", "2001-06-29")
    assert {estimation_day(day, 3) for day in days} == {pd.Timestamp("2001-03-31")}
    assert estimation_day(pd.Timestamp("2001-06-30"), 3) == pd.Timestamp("2001-06-30")
    assert estimation_day(pd.Timestamp("2001-05-07"), None) == pd.Timestamp("2001-05-07")
