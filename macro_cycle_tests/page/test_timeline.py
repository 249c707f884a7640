"""On each day the page shows what the record says was said by that day."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from macro_cycle.page.timeline import Step, steps
from macro_cycle.warehouse.regimes import RecordedCall, RegimeStore
from macro_cycle.warehouse.tables import calls as table
from macro_cycle_tests.page.worlds import call

FIRST = date(2008, 1, 31)
ENDS = [FIRST, date(2008, 2, 29), date(2008, 3, 31), date(2008, 4, 30)]
DAYS = [FIRST + timedelta(days=n) for n in range(-40, 160)]

# Calls in the order in which they were recorded: which month end each is of, and how many days after the one before.
histories = st.lists(st.tuples(st.sampled_from(ENDS), st.integers(0, 40)), max_size=8)


def recorded(history: list[tuple[date, int]]) -> list[RecordedCall]:
    day, found = date(2008, 1, 10), []
    for number, (end, wait) in enumerate(history):
        day += timedelta(days=wait)
        found.append(call(end, day, number))
    return found


def said_by(calls: list[RecordedCall], day: date) -> RecordedCall | None:
    """The rule of `RegimeStore.said_by`, call by call."""
    known = [
        (each.as_of, each.recorded_at.date() <= day, number, each)
        for number, each in enumerate(calls)
        if each.as_of <= day or each.recorded_at.date() <= day
    ]
    return max(known, key=lambda row: row[:3])[3] if known else None


def shown_on(found: list[Step], day: date) -> RecordedCall | None:
    by_then = [step for step in found if step.known_from <= day]
    return by_then[-1].call if by_then else None


@given(histories)
def test_each_day_shows_what_was_said_by_it(history):
    calls = recorded(history)
    found = steps(calls)
    assert [shown_on(found, day) for day in DAYS] == [said_by(calls, day) for day in DAYS]


@given(histories)
def test_steps_ascend_and_each_changes_something(history):
    found = steps(recorded(history))
    days = [step.known_from for step in found]
    assert days == sorted(set(days))
    assert all(one.call != two.call for one, two in pairwise(found))


@pytest.mark.parametrize(("recorded_on", "later"), [(date(2008, 1, 20), False), (date(2026, 1, 1), True)])
def test_what_was_computed_after_its_day_says_so(recorded_on, later):
    [step] = steps([call(FIRST, recorded_on, 1)])
    assert step.computed_later is later


def test_the_store_gives_its_calls_in_order_and_its_own_word_on_each_day(warehouse):
    calls = recorded([(ENDS[0], 3), (ENDS[0], 9), (ENDS[2], 4), (ENDS[1], 60), (ENDS[2], 2), (ENDS[3], 0)])
    with warehouse.engine.begin() as connection:
        connection.execute(insert(table), [{**vars(each), "cycle": "us"} for each in calls])
    store = RegimeStore(warehouse.engine, "us")
    assert store.recorded() == calls
    found = steps(store.recorded())
    assert [shown_on(found, day) for day in DAYS] == [store.said_by(day) for day in DAYS]
