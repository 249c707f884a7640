"""The calls on record form one chain, whoever records them and whenever; what breaks it is found."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import text

from macro_cycle.warehouse.regimes import Call, RegimeStore
from macro_cycle_tests.warehouse.test_migrations_keep_the_store import taken_to

ENDS = [day.date() for day in pd.date_range("2007-01-31", periods=12, freq="ME")]
UNCHAINED = "0005"


@pytest.fixture
def store(warehouse):
    return RegimeStore(warehouse.engine, "us")


def say(store: RegimeStore, end: date) -> None:
    frame = pd.DataFrame(
        {"label": ["Expansion"], "recession_probability": [0.1 + 0.2], "filtered_Expansion": [1.0]},
        index=pd.DatetimeIndex([end.replace(day=1)], name="reference_month"),
    )
    store.save(frame, Call.newest_of(frame, end, "m", "d"))


def test_calls_recorded_at_once_form_one_chain(store):
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda end: say(store, end), ENDS))
    assert len(store.calls()) == len(ENDS)
    assert store.broken_at() is None


def test_earlier_calls_are_chained_when_the_store_is_brought_up_to_date(warehouse, store):
    for end in ENDS[:6]:
        say(store, end)
    with warehouse.engine.begin() as connection:
        taken_to(connection, UNCHAINED)
    warehouse.migrate()
    for end in ENDS[6:]:
        say(store, end)
    assert store.broken_at() is None


@pytest.mark.parametrize(
    ("change", "noticed_at"),
    [
        ("DELETE FROM warehouse.calls WHERE id = 3", 4),
        ("UPDATE warehouse.calls SET label = 'Peak' WHERE id = 3", 3),
        ("UPDATE warehouse.calls SET id = 13 WHERE id = 3", 4),
    ],
)
def test_a_call_removed_altered_or_moved_is_noticed(warehouse, store, change, noticed_at):
    for end in ENDS:
        say(store, end)
    with warehouse.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(change))
    assert store.broken_at() == noticed_at
