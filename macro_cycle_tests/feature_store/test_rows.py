"""The stamps of a month's contents: never ahead of the clock, never out of order."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.feature_store.rows import Stamps, month_end, utc
from macro_cycle_tests.feature_store.months import row

MONTH = date(2008, 2, 29)
CLOCKS = st.lists(
    st.datetimes(datetime(2008, 2, 1), datetime(2008, 4, 1), timezones=st.just(UTC)), min_size=1, max_size=6
)


def stamped(clocks: list[datetime]) -> list[Stamps]:
    found = [Stamps.first(MONTH, clocks[0])]
    for now in clocks[1:]:
        found.append(found[-1].following(MONTH, now))
    return found


@given(CLOCKS)
def test_what_was_known_is_never_dated_later_than_the_month_or_the_latest_clock(clocks):
    slack = timedelta(microseconds=len(clocks))  # contents within a microsecond are told apart by one each
    for n, stamps in enumerate(stamped(clocks)):
        assert stamps.event <= min(month_end(MONTH), max(clocks[: n + 1]) + slack)


@given(CLOCKS)
def test_a_later_content_is_later_whatever_the_clock_does(clocks):
    order = [(stamps.event, stamps.created) for stamps in stamped(clocks)]
    assert order == sorted(set(order))


@given(CLOCKS)
def test_nothing_came_to_be_before_it_was_known(clocks):
    assert all(stamps.created >= stamps.event for stamps in stamped(clocks))


def test_the_first_content_of_a_closed_month_is_dated_to_its_end():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Stamps.first(MONTH, now) == Stamps(month_end(MONTH), month_end(MONTH))


def test_a_recomputed_closed_month_is_dated_by_the_clock():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Stamps.first(MONTH, now).following(MONTH, now) == Stamps(month_end(MONTH), now)


def test_the_digest_tells_every_change_and_no_other():
    assert row("2008-02-29", 0.5).digest == row("2008-02-29", 0.5).digest
    others = [row("2008-02-29", 0.5000000000000001), row("2008-02-29", 0.5, "w"), row("2008-01-31", 0.5)]
    assert len({row("2008-02-29", 0.5).digest, *(other.digest for other in others)}) == 4


@pytest.mark.parametrize("moment", ["2008-03-01 05:00", "2008-03-01 00:00-05:00", "2008-03-01 05:00+00:00"])
def test_a_moment_without_a_zone_is_in_utc(moment):
    assert utc(pd.Timestamp(moment)) == datetime(2008, 3, 1, 5, tzinfo=UTC)
