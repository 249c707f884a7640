"""The store is a function of the facts: order, batching and replays never matter, and it forgets nothing."""

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.warehouse.histories import EPOCH, deliveries, frame, histories, known_on, step_functions

property_test = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def emptied(warehouse: Warehouse) -> Warehouse:
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations"))
    return warehouse


def stored(warehouse: Warehouse) -> list[tuple]:
    columns = ["series_id", "date", "realtime_start", "realtime_end", "value"]
    return list(warehouse.history()[columns].itertuples(index=False, name=None))


@property_test
@given(data=st.data(), rows=histories)
def test_every_order_and_batching_gives_the_canonical_rows(warehouse, data, rows):
    emptied(warehouse)
    for batch in data.draw(deliveries(rows)):
        warehouse.ingest(batch, source="test")
    expected = [(*row[:3], pd.NaT if row[3] is None else row[3], row[4]) for row in step_functions(rows)]
    assert repr(stored(warehouse)) == repr(expected)


@property_test
@given(data=st.data(), rows=histories)
def test_every_as_of_view_equals_a_naive_recomputation(warehouse, data, rows):
    emptied(warehouse)
    for batch in data.draw(deliveries(rows)):
        warehouse.ingest(batch, source="test")
    for day in range(-1, 11):
        when = EPOCH + pd.Timedelta(days=day)
        view = warehouse.as_of(when)
        answer = dict(zip(zip(view["series_id"], view["date"], strict=True), view["value"], strict=True))
        assert answer == known_on(rows, when)


def test_a_replay_changes_nothing_and_says_so(warehouse):
    facts = frame([("CPI", EPOCH, EPOCH + pd.Timedelta(days=n), float(n % 2)) for n in range(6)])
    first = warehouse.ingest(facts, source="test")
    again = warehouse.ingest(pd.concat([facts, facts]), source="test")
    assert (first.inserted + first.revised, again.changed, again.unchanged) == (6, 0, 12)
