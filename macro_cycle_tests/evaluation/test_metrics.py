import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.metrics import (
    auroc,
    brier,
    call_delays,
    calls,
    false_alarm_share,
    label_change_share,
)
from macro_cycle_tests.evaluation.chronologies import NBER

pairs = st.lists(st.tuples(st.integers(0, 10).map(lambda n: n / 10), st.booleans()), min_size=2, max_size=60)


@given(pairs)
def test_scores_equal_sklearns(pairs):
    p, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p, labels=[False, True], pos_label=True))
    if 0 < y.sum() < len(y):
        assert auroc(p, y) == pytest.approx(roc_auc_score(y, p))
    else:
        assert np.isnan(auroc(p, y))


def test_false_alarms_are_counted_among_expansion_months_only():
    assert false_alarm_share([0.9, 0.9, 0.1, 0.5], [True, False, False, False]) == pytest.approx(1 / 3)
    assert np.isnan(false_alarm_share([0.9], [True]))


def test_a_call_needs_two_entries_running():
    months = pd.date_range("2000-01-01", periods=6, freq="MS")
    assert list(calls(pd.Series([0.6, 0.4, 0.6, 0.7, 0.8, 0.1], index=months))) == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]


def test_delay_counts_month_ends_after_the_first_month_in_recession():
    covid = NBER.recessions[-1]
    months = pd.date_range("2019-12-01", "2022-01-01", freq="MS")
    p = pd.Series(0.0, index=months)
    assert np.isnan(call_delays(p, [covid]).iloc[0])
    p["2020-04-01":"2020-06-01"] = 0.9
    assert call_delays(p, [covid])[pd.Timestamp("2020-03-01")] == 2
    p["2020-01-01":"2020-03-01"] = 0.9
    assert call_delays(p, [covid]).iloc[0] == 0


def test_only_old_months_of_both_partitions_count_for_stability():
    months = pd.date_range("2000-01-01", periods=30, freq="MS")
    before = pd.Series("Expansion", index=months)
    after = before.copy()
    after.iloc[[1, -1]] = "Trough"
    assert label_change_share(before, after, months[-1]) == pytest.approx(1 / 5)
    assert np.isnan(label_change_share(before, after, months[3]))


def test_missing_probabilities_and_unequal_lengths_are_refused():
    with pytest.raises(MacroCycleError, match="missing"):
        brier([np.nan], [True])
    with pytest.raises(MacroCycleError, match="equally long"):
        auroc([0.5], [True, False])
