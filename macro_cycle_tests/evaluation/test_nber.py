import pandas as pd

from macro_cycle.evaluation.nber import RECESSIONS, recession_indicator


def test_recession_runs_from_the_month_after_the_peak_through_the_trough():
    months = pd.date_range("1945-01-01", "2026-07-01", freq="MS")
    indicator = recession_indicator(months)
    assert list(months[indicator & (months >= "2020-01-01")]) == [
        pd.Timestamp("2020-03-01"),
        pd.Timestamp("2020-04-01"),
    ]
    assert indicator.sum() == sum(
        (r.trough.year - r.peak.year) * 12 + r.trough.month - r.peak.month for r in RECESSIONS
    )


def test_announcements_follow_what_they_announce():
    for recession in RECESSIONS:
        assert recession.peak < recession.first_month <= recession.trough
        if recession.peak_announced is not None:
            assert recession.peak_announced > recession.peak
            assert recession.trough_announced > recession.trough
    peaks = [r.peak for r in RECESSIONS]
    assert peaks == sorted(peaks)
