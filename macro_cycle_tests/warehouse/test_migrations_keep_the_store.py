"""A store filled under an earlier form of the tables says the same under the newest one, and goes on from there."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from macro_cycle.warehouse.regimes import Call, RegimeStore
from macro_cycle_tests.warehouse.histories import EPOCH, IDS, NAN, frame, step_functions
from macro_cycle_tests.warehouse.test_any_delivery_gives_the_same_store import stored, written

FACTS = [
    (series_id, EPOCH, EPOCH + pd.Timedelta(days=day), value)
    for series_id in IDS
    for day, value in enumerate([1.0, 2.0, 2.0, NAN, 3.0])
]
LATER = [(series_id, EPOCH, EPOCH + pd.Timedelta(days=9), 9.0) for series_id in IDS]
ONE_TABLE = "0004"
CONTENT = "SELECT * FROM warehouse.observations ORDER BY series_id, date, realtime_start"


def taken_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "macro_cycle:warehouse/migrations")
    config.attributes["connection"] = connection
    present = connection.execute(text("SELECT version_num FROM warehouse.alembic_version")).scalar_one()
    move = command.upgrade if revision > present else command.downgrade  # "head" comes after every number
    move(config, revision)


def test_rows_go_apart_and_together_again_without_a_change(warehouse):
    warehouse.ingest(frame(FACTS), source="test")
    with warehouse.engine.begin() as connection:
        apart = connection.execute(text(CONTENT)).all()
        taken_to(connection, ONE_TABLE)
        assert connection.execute(text(CONTENT)).all() == apart
        taken_to(connection, "head")
        assert connection.execute(text(CONTENT)).all() == apart
    assert len(apart) == 4 * len(IDS)


def test_a_store_of_one_table_is_brought_up_to_date_and_takes_revisions(warehouse):
    warehouse.ingest(frame(FACTS), source="test")
    with warehouse.engine.begin() as connection:
        taken_to(connection, ONE_TABLE)
    warehouse.migrate()
    assert warehouse.ingest(frame(LATER), source="test").revised == len(IDS)
    assert repr(stored(warehouse)) == written(step_functions([*FACTS, *LATER]))


AGAIN = "INSERT INTO warehouse.observations SELECT * FROM warehouse.observations WHERE (realtime_end = 'infinity') = %s"


@pytest.mark.parametrize("current", [True, False])
def test_the_database_takes_no_row_twice(warehouse, current):
    warehouse.ingest(frame(FACTS), source="test")
    with warehouse.engine.connect() as connection, pytest.raises(IntegrityError, match="duplicate key"):
        connection.exec_driver_sql(AGAIN, (current,))


def test_regimes_kept_row_by_row_are_the_same_kept_by_month_end(warehouse):
    store, months = RegimeStore(warehouse.engine, "us"), pd.date_range("1999-03-01", periods=30, freq="MS")
    rng = np.random.default_rng(0)
    for as_of in (date(2008, 8, 31), date(2008, 9, 30)):
        numbers = pd.DataFrame(rng.random((30, 3)), months, ["recession_probability", "filtered_B", "filtered_A"])
        numbers.iloc[0] = [0.0, 1.0, 1e-300]
        frame = numbers.rename_axis("reference_month")
        frame.insert(0, "label", rng.choice(["A", "B"], 30).astype(object))
        store.save(frame, Call(as_of, months[-1].date(), "A", 0.5, {"A": 1.0}, "model", "data"))
    kept = {as_of: store.load(as_of) for as_of in (date(2008, 8, 31), date(2008, 9, 30))}
    with warehouse.engine.begin() as connection:
        taken_to(connection, "0007")
        taken_to(connection, "head")
    for as_of, frame in kept.items():
        pd.testing.assert_frame_equal(store.load(as_of), frame, check_exact=True)
