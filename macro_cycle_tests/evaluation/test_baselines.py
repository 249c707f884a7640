import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.baselines import baselines, sahm_rule, scores_in_real_time, term_spread
from macro_cycle.evaluation.metrics import auroc
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample
from macro_cycle_tests.evaluation.chronologies import NBER
from macro_cycle_tests.features.frames import monthly

CATALOG = Catalog.load()
NAMED = {baseline.name: baseline for baseline in baselines(CATALOG)}


@pytest.fixture(scope="module")
def observations():
    sample = Sample(CATALOG)
    return sample.observations(sample.available())


@pytest.fixture(scope="module")
def early(observations):
    """Everything known at the end of 1985, with the day of its release."""
    return known_on(observations, pd.Timestamp("1985-12-31"))


def test_the_sahm_rule_is_the_rise_above_the_lowest_of_the_last_year():
    rate = [4.0] * 6 + [3.7] * 3 + [4.0] * 6 + [4.6, 5.2]
    smooth = [sum(rate[max(t - 2, 0) : t + 1]) / len(rate[max(t - 2, 0) : t + 1]) for t in range(len(rate))]
    score = sahm_rule(monthly("UNRATE", "2000-01-01", rate), CATALOG)
    assert score.index[-1] == pd.Timestamp("2001-05-01")
    assert score.iloc[-1] == pytest.approx(smooth[-1] - min(smooth[-13:-1]))


def test_the_term_spread_speaks_of_the_month_a_year_later():
    spread = list(np.linspace(3, -2, 15))
    frame = pd.concat(
        [monthly("GS10", "2000-01-01", [s + 5.0 for s in spread]), monthly("TB3MS", "2000-01-01", [5.0] * 15)]
    )
    score = term_spread(frame, CATALOG)
    bill = 100 * 365 * 0.05 / (360 - 91 * 0.05)
    assert list(score.index) == list(pd.date_range("2001-01-01", periods=3, freq="MS"))
    assert score.iloc[0] == pytest.approx(norm.cdf(-0.5333 - 0.633 * (8.0 - bill)))
    assert (np.diff(score) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
def test_no_score_depends_on_a_later_month(name, early):
    rule = NAMED[name].estimate(early)
    full = rule(early)
    cut = rule(early[early["date"] < "1983-01-01"])
    complete = cut.index[cut.index < "1982-12-01"]
    np.testing.assert_allclose(cut[complete], full[complete], atol=1e-10)
    assert full.notna().all()


@pytest.mark.parametrize("name", NAMED)
def test_a_baseline_without_its_series_says_what_it_needs(name, early):
    frame = early[early["series_id"] == "HOUST"]
    with pytest.raises(MacroCycleError, match=r"UNRATE|GS10|INDPRO|PAYEMS"):
        NAMED[name].estimate(frame)(frame)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
def test_every_baseline_knows_something_of_the_cycle(name, observations):
    months = pd.date_range("1980-01-01", "1992-12-01", freq="6MS")
    frames = ((month, known_on(observations, month + pd.offsets.MonthEnd(0))) for month in months)
    said = scores_in_real_time(NAMED[name], frames, every=13)
    assert (pd.DatetimeIndex(said["reference_month"]) <= said.index).all()
    assert auroc(said["score"], NBER.recession_indicator(pd.DatetimeIndex(said["reference_month"]))) > 0.6
