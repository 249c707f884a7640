"""The track record counts what was settled, and says nothing where there is nothing to say."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.evaluation.track_record import Record, calibration, dates_of_calls, figures, settled_scores
from macro_cycle_tests.evaluation.chronologies import NBER

TODAY = pd.Timestamp("2026-11-24")
MONTHS = pd.date_range("1970-01-01", "2026-10-01", freq="MS", name="as_of")


def record(scores: np.ndarray | pd.Series, name: str = "model") -> Record:
    """Answers about the month before each month end."""
    about = MONTHS - pd.DateOffset(months=1)
    return Record(name, name.title(), pd.DataFrame({"reference_month": about, "score": np.asarray(scores)}, MONTHS))


@pytest.fixture
def oracle() -> Record:
    return record(NBER.recession_indicator(MONTHS - pd.DateOffset(months=1)).astype(float))


def test_an_oracle_is_perfect_and_calls_every_recession(oracle):
    found = figures(oracle, TODAY, NBER)
    assert (found.auroc, found.brier, found.false_alarms) == (1.0, 0.0, 0.0)
    assert found.called == found.recessions == 7
    assert found.slowest_call == 2  # about the second month, at the end of the third


def test_calls_are_dated_by_month_ends_and_set_against_the_announcements(oracle):
    crisis = next(row for row in dates_of_calls(oracle, TODAY, NBER) if row["first_month"] == "2008-01")
    assert crisis["begin_called"] == "2008-03-31"
    assert crisis["begin_days_ahead"] == (pd.Timestamp("2008-12-01") - pd.Timestamp("2008-03-31")).days
    assert crisis["end_called"] == "2009-09-30"
    assert crisis["end_announced"] == "2010-09-20"


def test_a_recession_is_unknown_until_it_is_announced(oracle):
    before, after = (
        [row["first_month"] for row in dates_of_calls(oracle, pd.Timestamp(day), NBER)]
        for day in ("2008-11-30", "2008-12-01")
    )
    assert after == [*before, "2008-01"]


def test_unsettled_months_and_missing_scores_are_not_scored(oracle):
    scores = oracle.scores.copy()
    scores.iloc[10:12, 1] = [np.nan, np.inf]
    settled = settled_scores(scores, TODAY, NBER)
    assert settled["reference_month"].max() < TODAY - pd.DateOffset(months=11)
    assert not set(scores.index[10:12]) & set(settled.index)


def test_a_short_record_has_no_figures_rather_than_wrong_ones(oracle):
    young = Record("model", "Model", oracle.scores.iloc[-3:])
    found = figures(young, TODAY, NBER)
    assert (found.auroc, found.brier, found.false_alarms, found.slowest_call) == (None, None, None, None)
    assert found.recessions == 0


def test_an_empty_record_has_no_figures(oracle):
    found = figures(Record("model", "Model", oracle.scores.iloc[:0]), TODAY, NBER)
    assert (found.months, found.auroc, found.recessions) == (0, None, 0)


def test_a_recession_within_a_gap_of_the_record_is_not_asked_of_it(oracle):
    gapped = Record("model", "Model", oracle.scores.drop(MONTHS[(MONTHS >= "2010-01-01") & (MONTHS < "2026-10-01")]))
    assert dates_of_calls(gapped, TODAY, NBER)[-1]["first_month"] == "2008-01"
    found = figures(gapped, TODAY, NBER)
    assert found.called == found.recessions == 6


def test_a_score_that_is_no_probability_has_no_brier_score(oracle):
    rule = Record("sahm", "Sahm", oracle.scores, threshold=0.5, probability=False)
    assert figures(rule, TODAY, NBER).brier is None
    assert figures(rule, TODAY, NBER).auroc == 1.0


def test_calibration_bins_hold_every_settled_month_once():
    generator = np.random.default_rng(0)
    noisy = record(generator.uniform(size=len(MONTHS)))
    bins = calibration(noisy, TODAY, NBER)
    assert sum(row["months"] for row in bins) == len(settled_scores(noisy.scores, TODAY, NBER))
    assert all(row["from"] <= row["probability"] <= row["to"] for row in bins)
