import pandas as pd
import pytest

from macro_cycle_tests.evaluation.chronologies import NBER


def test_recession_runs_from_the_month_after_the_peak_through_the_trough():
    months = pd.date_range("1945-01-01", "2026-07-01", freq="MS")
    indicator = NBER.recession_indicator(months)
    assert list(months[indicator & (months >= "2020-01-01")]) == [
        pd.Timestamp("2020-03-01"),
        pd.Timestamp("2020-04-01"),
    ]
    assert indicator.sum() == sum(
        (r.trough.year - r.peak.year) * 12 + r.trough.month - r.peak.month for r in NBER.recessions
    )


def test_announcements_follow_what_they_announce():
    for recession in NBER.recessions:
        assert recession.peak < recession.first_month <= recession.trough
        if recession.peak_announced is not None:
            assert recession.peak_announced > recession.peak
            assert recession.trough_announced > recession.trough
    peaks = [r.peak for r in NBER.recessions]
    assert peaks == sorted(peaks)


@pytest.mark.parametrize("day", pd.date_range("1962-01-31", "2026-10-31", freq="ME")[::5])
def test_what_was_settled_was_never_taken_back(day):
    index = pd.date_range("1947-01-01", day, freq="MS")
    state = NBER.settled(index, day)
    known = state.notna()
    assert (state[known].astype(bool) == NBER.recession_indicator(index)[known]).all()


@pytest.mark.parametrize(
    ("day", "month", "state"),
    [
        ("2008-11-30", "2008-01", None),
        ("2008-12-01", "2007-12", False),
        ("2008-12-01", "2008-01", None),
        ("2010-09-20", "2008-01", True),
        ("2010-09-20", "2009-09", False),
        ("2010-09-20", "2009-10", None),
        ("2021-07-19", "2020-04", True),
    ],
)
def test_months_settle_when_the_nber_has_spoken_or_been_silent_for_a_year(day, month, state):
    found = NBER.settled(pd.DatetimeIndex([month]), pd.Timestamp(day)).iloc[0]
    assert (None if pd.isna(found) else bool(found)) is state
