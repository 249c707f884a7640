"""Ingestions at once give one result, and one that dies at any statement leaves nothing."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import event, text

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.warehouse import Warehouse, ingestion
from macro_cycle.warehouse.models import ModelStore
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.warehouse.histories import EPOCH, frame
from macro_cycle_tests.warehouse.losing import ALL_OTHERS, lost_at, nth
from macro_cycle_tests.warehouse.test_any_delivery_gives_the_same_store import stored

DAYS = [EPOCH + pd.Timedelta(days=n) for n in range(6)]
EVEN = frame([("CPI", EPOCH, day, float(n)) for n, day in enumerate(DAYS) if n % 2 == 0])
ODD = frame([("CPI", EPOCH, day, float(n)) for n, day in enumerate(DAYS) if n % 2])


def url_of(warehouse: Warehouse) -> str:
    return warehouse.engine.url.render_as_string(hide_password=False)


def waiting_backends(warehouse: Warehouse) -> int:
    with warehouse.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()


def test_a_second_ingestion_waits_for_the_first_and_sees_what_it_wrote(warehouse):
    second = threading.Thread(target=lambda: warehouse.ingest(ODD, source="second"))
    with warehouse.engine.begin() as connection:
        ingestion.ingest(connection, EVEN, "first", pd.Timestamp("2020-02-01"), pd.Timestamp("2020-02-01").date())
        second.start()
        wait_until(lambda: waiting_backends(warehouse) == 1)
    second.join(PATIENCE)
    ends = [*DAYS[1:], pd.NaT]
    assert stored(warehouse) == [
        ("CPI", EPOCH, day, end, float(n)) for n, (day, end) in enumerate(zip(DAYS, ends, strict=True))
    ]


def test_what_is_read_while_ingesting_exclusively_holds_until_it_is_written(warehouse):
    second = threading.Thread(target=lambda: warehouse.ingest(ODD, source="second"))
    with warehouse.exclusively() as ingest:
        second.start()
        wait_until(lambda: waiting_backends(warehouse) == 1)
        for fact in range(len(EVEN)):
            ingest(EVEN.iloc[[fact]], source="first")
            assert len(warehouse.facts()) == fact + 1
    second.join(PATIENCE)
    assert [row[4] for row in stored(warehouse)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_an_exclusive_ingestion_that_dies_frees_the_others(warehouse):
    with contextlib.suppress(KeyboardInterrupt), warehouse.exclusively() as ingest:
        ingest(EVEN, source="first")
        raise KeyboardInterrupt
    warehouse.ingest(ODD, source="second")
    assert len(stored(warehouse)) == len(DAYS)


@pytest.mark.parametrize("workers", [4])
def test_many_at_once_give_what_one_after_the_other_gives(warehouse, workers):
    whole = pd.concat([EVEN, ODD])
    parts = [whole.iloc[start::workers] for start in range(workers)]
    threads = [threading.Thread(target=lambda part=part: warehouse.ingest(part, source="test")) for part in parts * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [row[4] for row in stored(warehouse)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_an_ingestion_cut_off_at_any_statement_leaves_the_store_as_it_was(warehouse):
    warehouse.ingest(EVEN, source="test")
    before = warehouse.history()
    statement, survived = 0, False
    while not survived:
        statement += 1
        survived = _ingest_with_the_server_dying_at(warehouse, statement)
        if not survived:
            pd.testing.assert_frame_equal(warehouse.history(), before)
    assert statement > 10
    assert len(warehouse.history()) == len(DAYS)


def _ingest_with_the_server_dying_at(warehouse: Warehouse, number: int) -> bool:
    """Whether the ingestion got through before its connection was ended before the numbered statement."""
    victim, seen = Warehouse(url_of(warehouse)), []

    @event.listens_for(victim.engine, "before_cursor_execute")
    def end_connection(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement)
        if len(seen) == number:
            backend = connection.connection.dbapi_connection.info.backend_pid
            with warehouse.engine.begin() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": backend})

    try:
        victim.ingest(ODD, source="victim")
    except MacroCycleError:
        return False
    finally:
        victim.engine.dispose()
    return True


LOAD = """
import sys
import pandas as pd
from macro_cycle.warehouse import Warehouse
Warehouse(sys.argv[1]).ingest(pd.read_parquet(sys.argv[2]), source="killed")
"""


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_and_its_load_can_be_repeated(warehouse, tmp_path):
    cells = 40_000
    dates = np.resize(pd.date_range("1960-01-01", periods=800, freq="MS"), cells)
    facts = pd.DataFrame(
        {
            "series_id": [f"S{n}" for n in np.arange(cells) // 800],
            "date": dates,
            "value": np.arange(cells, dtype=float),
            "realtime_start": dates + pd.Timedelta(days=40),
            "estimated": False,
        }
    )
    facts.to_parquet(tmp_path / "facts.parquet")
    arguments = [sys.executable, "-W", "ignore", "-c", LOAD, url_of(warehouse), str(tmp_path / "facts.parquet")]
    killed = subprocess.Popen(arguments, env=dict(os.environ))
    wait_until(lambda: writing(warehouse) or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_until(lambda: not writing(warehouse))
    left = len(warehouse.history())
    assert left in (0, cells)
    assert warehouse.ingest(facts, source="test").inserted == cells - left
    assert len(warehouse.history()) == cells


def writing(warehouse: Warehouse) -> bool:
    """Whether another client's transaction has begun to write."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
    with warehouse.engine.connect() as connection:
        return bool(connection.execute(text(busy)).scalar_one())


def ingest_on_a_lost_connection(warehouse: Warehouse) -> None:
    with warehouse.exclusively() as ingest:
        with warehouse.engine.begin() as another:
            another.execute(text(ALL_OTHERS))
        ingest(EVEN, source="test")


def test_a_connection_that_is_lost_under_the_lock_is_one_clear_line_and_gives_the_lock_back(warehouse):
    with pytest.raises(OutageError, match="does not answer"):
        ingest_on_a_lost_connection(warehouse)
    assert warehouse.ingest(EVEN, source="test").received == len(EVEN)


def test_any_store_on_the_engine_says_in_one_line_that_its_connection_was_lost(warehouse):
    with lost_at(warehouse.engine, nth(1)), pytest.raises(OutageError, match=r"does not answer: [^\n]+$"):
        ModelStore(warehouse.engine).versions()
    assert ModelStore(warehouse.engine).versions() == set()


def test_any_store_on_the_engine_says_in_one_line_that_nothing_answers():
    with pytest.raises(OutageError, match=r"does not answer: [^\n]+$") as away:
        ModelStore(Warehouse("postgresql://u:hunter2@127.0.0.1:1/d").engine).versions()
    assert "hunter2" not in str(away.value)


def test_what_goes_wrong_under_the_lock_is_said_and_gives_the_lock_back(warehouse):
    with pytest.raises(ValueError, match="broken"), warehouse.exclusively():
        raise ValueError("broken")
    assert warehouse.ingest(EVEN, source="test").received == len(EVEN)
