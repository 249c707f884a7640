"""Records are only ever added; of each asset and month the newest stands; a failure unseats nothing."""

from datetime import date

import pytest
from sqlalchemy import exc, func, select, text

from macro_cycle.errors import MacroCycleError
from macro_cycle.records import Record, RecordStore
from macro_cycle.warehouse.tables import records

JANUARY, FEBRUARY = "2008-01-01", "2008-02-01"


def record(version: str = "one", month: int = 1, **more: object) -> Record:
    return Record(cycle="us", as_of=date(2008, month, 31 if month == 1 else 29), version=version, made_by="1", **more)


@pytest.fixture
def store(warehouse) -> RecordStore:
    return RecordStore(warehouse.engine, "us")


def rows(warehouse) -> int:
    with warehouse.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(records)).scalar_one()


def test_what_is_kept_is_given_back_by_month(store):
    made = [record("one", 1, made_from={"upstream": "x"}, problems=("it leaks",)), record("two", 2)]
    store.append("panel", made)
    assert store.load("panel", Record, [JANUARY, FEBRUARY]) == dict(zip((JANUARY, FEBRUARY), made, strict=True))
    assert store.newest("panel", Record) == made[1]


def test_the_same_record_is_kept_once_and_another_one_after_it(store, warehouse):
    for version in ("one", "one", "two", "two", "one"):
        store.append("panel", [record(version)])
    assert [each.version for each in store.history("panel", Record)] == ["one", "two", "one"]
    assert rows(warehouse) == 3
    assert store.one("panel", Record, JANUARY).version == "one"


def test_cycles_do_not_see_each_other(store, warehouse):
    store.append("panel", [record()])
    assert RecordStore(warehouse.engine, "br").load("panel", Record, [JANUARY]) == {}


def test_a_failure_is_named_until_the_month_is_made_and_unseats_nothing(store):
    store.append("panel", [record()])
    store.fail("panel", JANUARY, "UNRATE is 4500")
    assert store.one("panel", Record, JANUARY) == record()
    assert [(f.asset, f.month, f.reason) for f in store.failures([JANUARY])] == [("panel", JANUARY, "UNRATE is 4500")]
    store.append("panel", [record()])
    assert store.failures([JANUARY]) == []


def test_a_month_without_a_record_says_what_to_do(store):
    with pytest.raises(MacroCycleError, match="there is no panel for 2008-01; materialize panel for that month first"):
        store.one("panel", Record, JANUARY)
    store.fail("panel", JANUARY, "UNRATE is 4500")
    with pytest.raises(MacroCycleError, match="panel could not be made for 2008-01: UNRATE is 4500"):
        store.one("panel", Record, JANUARY)


@pytest.mark.parametrize("statement", ["UPDATE warehouse.records SET version = 'x'", "DELETE FROM warehouse.records"])
def test_nothing_on_record_can_be_changed(store, warehouse, statement):
    store.append("panel", [record()])
    with pytest.raises(exc.DBAPIError, match="append-only"), warehouse.engine.begin() as connection:
        connection.execute(text(statement))
