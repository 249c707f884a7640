"""The store is a function of the facts: order, batching and replays never matter, and it forgets nothing.

That holds of published facts. Sightings (values of a source without vintages) count in the order of their days, and
the store keeps to the rules of `NaiveStore` whatever is mixed.
"""

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from macro_cycle.errors import MacroCycleError
from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.warehouse.histories import (
    EPOCH,
    NAN,
    Load,
    NaiveStore,
    deliveries,
    frame,
    histories,
    known_on,
    loads,
    step_functions,
    stories_of_one_cell,
    story_of_one_cell,
)

property_test = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def emptied(warehouse: Warehouse) -> Warehouse:
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    return warehouse


def stored(warehouse: Warehouse, *more: str) -> list[tuple]:
    columns = ["series_id", "date", "realtime_start", "realtime_end", "value", *more]
    return list(warehouse.history()[columns].itertuples(index=False, name=None))


def written(rows: list[tuple]) -> str:
    return repr([(*row[:3], pd.NaT if row[3] is None else row[3], *row[4:]) for row in rows])


def view(warehouse: Warehouse, day: int) -> dict:
    known = warehouse.as_of(EPOCH + pd.Timedelta(days=day))
    return dict(zip(zip(known["series_id"], known["date"], strict=True), known["value"], strict=True))


def deliver(warehouse: Warehouse, *parts: Load) -> None:
    for load in parts:
        warehouse.ingest(load.frame, source=load.source, seen_on=load.day)


@property_test
@given(data=st.data(), rows=histories)
def test_every_order_and_batching_gives_the_canonical_rows(warehouse, data, rows):
    emptied(warehouse)
    for batch in data.draw(deliveries(rows)):
        warehouse.ingest(batch, source="test")
    assert repr(stored(warehouse)) == written(step_functions(rows))


@property_test
@given(data=st.data(), rows=histories)
def test_every_as_of_view_equals_a_naive_recomputation(warehouse, data, rows):
    emptied(warehouse)
    for batch in data.draw(deliveries(rows)):
        warehouse.ingest(batch, source="test")
    for day in range(-1, 11):
        assert view(warehouse, day) == known_on(rows, EPOCH + pd.Timedelta(days=day))


@property_test
@given(story=st.one_of(loads, stories_of_one_cell))
@example(story=story_of_one_cell((0, 1.0, False), (1, 1.0, False), (2, 2.0, False), (3, 2.0, False)))
@example(story=story_of_one_cell((4, 1.0, True), (2, 2.0, False)))
@example(
    story=[
        Load([("CPI", 0, 0, 1.0)], seen_on=1),
        Load([("CPI", 0, 0, 2.0)], seen_on=1),
        Load([("CPI", 0, 0, 1.0)], seen_on=0),
    ]
)
@example(
    story=[
        Load([("CPI", 0, 0, 1.0)], seen_on=2),
        Load([("CPI", 0, 0, 1.0)], seen_on=1, source="copy"),
        Load([("CPI", 0, 3, 2.0)], seen_on=0),
    ]
)
@example(
    story=[
        Load([("CPI", 0, 0, 1.0)], seen_on=4),
        Load([("CPI", 0, 0, 1.0)], seen_on=1, source="copy"),
        Load([("CPI", 0, 0, 2.0)], seen_on=3),
    ]
)
@example(
    story=[
        Load([("CPI", 0, 0, 2.0), ("CPI", 1, 1, 1.0)], seen_on=1),
        Load([("CPI", 0, 0, 1.0), ("CPI", 1, 1, 1.0)], seen_on=1),
        Load([("CPI", 1, 0, 1.0)], seen_on=0),
    ]
)
@example(
    story=[
        Load([("JOBS", 0, 0, 1.0)], seen_on=9, source="copy"),
        Load([("CPI", 0, 0, 1.0)], seen_on=9, source="mirror"),
        Load([("CPI", 2, 0, 1.0), ("JOBS", 0, 0, 3.0)], seen_on=0, source="mirror"),
    ]
)
def test_publications_and_sightings_in_any_sequence_keep_to_the_rules(warehouse, story):
    emptied(warehouse)
    naive = NaiveStore()
    for load in story:
        naive.ingest(load)
        deliver(warehouse, load)
    assert repr(stored(warehouse, "estimated")) == written(naive.rows())
    for day in range(-1, 11):
        assert view(warehouse, day) == naive.known_on(day)


@property_test
@given(story=loads)
def test_a_load_delivered_again_at_once_changes_nothing(warehouse, story):
    emptied(warehouse)
    deliver(warehouse, *story)
    before = warehouse.history()
    deliver(warehouse, story[-1])
    pd.testing.assert_frame_equal(warehouse.history(), before)


def test_an_overwriting_source_gets_vintages_from_the_day_it_is_attached(warehouse):
    deliver(warehouse, Load([("CPI", 0, 2, 1.0), ("CPI", 1, 4, 2.0)], seen_on=5))
    deliver(warehouse, Load([("CPI", 0, 2, 1.5), ("CPI", 1, 4, 2.0)], seen_on=7))
    deliver(warehouse, Load([("CPI", 0, 2, 1.5), ("CPI", 1, 4, NAN)], seen_on=8))
    views = [list(view(warehouse, day).values()) for day in (1, 3, 4, 6, 7, 8)]
    assert views == [[], [1.0], [1.0, 2.0], [1.0, 2.0], [1.5, 2.0], [1.5]]


def test_published_history_replaces_the_estimates_made_before_it_was_known(warehouse):
    deliver(warehouse, Load([("CPI", 0, 2, 1.7)], seen_on=8), Load([("CPI", 0, 4, 1.0), ("CPI", 0, 6, 1.5)]))
    assert [list(view(warehouse, day).values()) for day in (3, 4, 6, 9)] == [[], [1.0], [1.5], [1.5]]


def test_an_old_file_loaded_by_mistake_does_not_revise_what_is_known_better(warehouse):
    deliver(warehouse, Load([("CPI", 0, 2, 1.0), ("CPI", 1, 9, 2.0)]))
    deliver(warehouse, Load([("CPI", 0, 1, 7.0), ("JOBS", 0, 1, 3.0)], seen_on=5))
    assert list(view(warehouse, 9).values()) == [1.0, 2.0, 3.0]


def test_a_change_on_the_day_of_attachment_leaves_the_estimated_past(warehouse):
    deliver(warehouse, Load([("CPI", 0, 2, 1.0)], seen_on=5), Load([("CPI", 0, 2, 2.0)], seen_on=5))
    assert [list(view(warehouse, day).values()) for day in (4, 5)] == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("CPI", EPOCH, EPOCH, 1.0), ("CPI", EPOCH, EPOCH, 2.0)], "two values known from 2020-01-01: 1.0 and 2.0"),
        ([("CPI", EPOCH, EPOCH, 1.0, True), ("CPI", EPOCH, EPOCH, 2.0, True)], "two values"),
        ([("CPI", EPOCH, EPOCH, float("inf"))], "CPI 2020-01-01 is infinite"),
        ([("CPI", pd.NaT, EPOCH, 1.0)], "1 rows lack a series, a date"),
        ([("CPI", EPOCH, pd.NaT, 1.0)], "1 rows lack a series, a date"),
    ],
)
def test_a_frame_that_cannot_be_true_is_refused_whole(warehouse, rows, said):
    with pytest.raises(MacroCycleError, match=said):
        warehouse.ingest(frame([("JOBS", EPOCH, EPOCH, 1.0), *rows]), source="test")
    assert stored(warehouse) == []


def test_a_replay_changes_nothing_and_says_so(warehouse):
    facts = frame([("CPI", EPOCH, EPOCH + pd.Timedelta(days=n), float(n % 2)) for n in range(6)])
    first = warehouse.ingest(facts, source="test")
    again = warehouse.ingest(pd.concat([facts, facts]), source="test")
    assert (first.inserted + first.revised, again.changed, again.unchanged) == (6, 0, 12)
