"""What is due, what came and what is late, for each frequency."""

import itertools

import pandas as pd
import pytest

from macro_cycle.observations import Catalog, SeriesSpec
from macro_cycle.observations.calendar import gaps, late_arrivals, lateness, release_calendar

CATALOG = Catalog.load()


def on_time(series_id: str, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """A history in which every value came on its expected day."""
    released = CATALOG.spec(series_id).release_dates(dates)
    frame = pd.DataFrame({"date": dates, "value": 1.0, "realtime_start": released, "estimated": True})
    return frame.assign(series_id=series_id, realtime_end=pd.Series(pd.NaT, frame.index, dtype="datetime64[ns]"))


MONTHS = pd.date_range("2020-01-01", "2020-12-01", freq="MS")
WEEKS = pd.date_range("2020-01-04", "2020-12-26", freq="W-SAT")
QUARTERS = pd.date_range("2018-01-01", "2020-10-01", freq="QS")


@pytest.mark.parametrize(
    ("series_id", "dates", "period", "since"),
    [
        ("UNRATE", MONTHS, "2021-01-01", "2021-02-17"),
        ("ICSA", WEEKS, "2021-01-02", "2021-01-12"),
        ("GDPC1", QUARTERS, "2021-01-01", "2021-05-10"),
    ],
)
def test_a_series_on_time_is_late_only_after_its_last_value(series_id, dates, period, since):
    (span,) = lateness(on_time(series_id, dates), CATALOG.spec(series_id)).itertuples()
    assert span.period == pd.Timestamp(period)
    assert span.since == pd.Timestamp(since)
    assert pd.isna(span.until)


def test_a_delayed_release_is_late_until_it_comes():
    told = on_time("UNRATE", MONTHS)
    told.loc[5, "realtime_start"] = pd.Timestamp("2020-08-20")
    told.loc[6, "realtime_start"] = pd.Timestamp("2020-08-20")
    first = next(lateness(told, CATALOG.spec("UNRATE")).itertuples())
    assert (first.period, first.until) == (pd.Timestamp("2020-06-01"), pd.Timestamp("2020-08-20"))
    assert first.since == pd.Timestamp("2020-07-17")


def test_a_late_arrival_is_named_once_between_the_days_around_it():
    told = on_time("UNRATE", MONTHS)
    told.loc[5, "realtime_start"] = pd.Timestamp("2020-08-20")
    told.loc[6, "realtime_start"] = pd.Timestamp("2020-08-20")
    days = pd.to_datetime(["2020-07-31", "2020-08-19", "2020-08-20", "2020-09-30"])
    found = [late_arrivals(told, CATALOG, ["UNRATE"], *pair) for pair in itertools.pairwise(days)]
    assert [len(lines) for lines in found] == [0, 1, 0]
    (line,) = found[1]
    assert line.startswith("UNRATE 2020-06-01 was expected by 2020-07-")
    assert line.endswith("and came on 2020-08-20")


def test_a_skipped_month_is_a_gap_from_the_next_release_until_it_is_made_up_for():
    told = on_time("UNRATE", MONTHS)
    never = gaps(told.drop(index=9), CATALOG.spec("UNRATE"))
    assert never["period"].tolist() == [pd.Timestamp("2020-10-01")]
    assert never["since"].tolist() == [pd.Timestamp("2020-12-06")]
    assert never["until"].isna().all()
    told.loc[9, "realtime_start"] = pd.Timestamp("2021-03-01")
    late = gaps(told, CATALOG.spec("UNRATE"))
    assert late["until"].tolist() == [pd.Timestamp("2021-03-01")]
    assert gaps(on_time("UNRATE", MONTHS), CATALOG.spec("UNRATE")).empty


def test_the_calendar_tells_what_came_what_is_due_and_what_is_late():
    told = pd.concat(
        [
            on_time("UNRATE", MONTHS.drop(pd.Timestamp("2020-10-01"))),
            on_time("INDPRO", MONTHS[:9]),
            on_time("ICSA", WEEKS[WEEKS <= "2020-12-05"]),
        ]
    )
    due = release_calendar(told, CATALOG, ["UNRATE", "INDPRO", "ICSA"], "2020-12-01", pd.Timestamp("2020-12-14"))
    listed = [(r.series_id, f"{r.period:%Y-%m-%d}", r.status) for r in due.itertuples()]
    assert sorted(listed) == [
        ("ICSA", "2020-11-28", "arrived"),
        ("ICSA", "2020-12-05", "arrived"),
        ("ICSA", "2020-12-12", "expected"),
        ("ICSA", "2020-12-19", "expected"),
        ("ICSA", "2020-12-26", "expected"),
        ("INDPRO", "2020-10-01", "late"),
        ("INDPRO", "2020-11-01", "expected"),
        ("UNRATE", "2020-10-01", "skipped"),
        ("UNRATE", "2020-11-01", "arrived"),
    ]
    assert due["expected"].is_monotonic_increasing


def test_nothing_that_came_after_today_is_in_the_calendar():
    told = on_time("UNRATE", MONTHS)
    early = release_calendar(told, CATALOG, ["UNRATE"], "2020-06-01", pd.Timestamp("2020-06-01"))
    assert early["status"].tolist() == ["expected"]
    assert early["arrived"].isna().all()


def test_a_daily_series_is_due_on_business_days():
    spec = SeriesSpec.guess("DGS10").model_copy(update={"frequency": "D", "publication_lag_days": 1})
    days = pd.bdate_range("2020-01-01", "2020-01-31")
    told = on_time("DGS10", days).assign(realtime_start=days + pd.Timedelta(days=1))
    (span,) = lateness(told, spec).itertuples()
    assert span.period == pd.Timestamp("2020-02-03")
    assert pd.isna(span.until)


def test_every_month_that_has_not_come_is_due():
    """Two months overdue are two rows, not the oldest alone."""
    told = on_time("UNRATE", pd.date_range("2026-01-01", "2026-07-01", freq="MS"))
    due = release_calendar(told, CATALOG, ["UNRATE"], "2026-11-01", pd.Timestamp("2026-11-20"))
    assert due["period"].dt.strftime("%Y-%m").tolist() == ["2026-08", "2026-09", "2026-10"]
    assert due["status"].tolist() == ["late", "late", "late"]


def test_a_series_that_ended_is_named_once():
    told = on_time("UNRATE", pd.date_range("2016-01-01", "2016-07-01", freq="MS"))
    due = release_calendar(told, CATALOG, ["UNRATE"], "2026-11-01", pd.Timestamp("2026-11-20"))
    assert due["period"].dt.strftime("%Y-%m").tolist() == ["2016-08", "2026-10"]
