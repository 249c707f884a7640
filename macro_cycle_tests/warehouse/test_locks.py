"""Who waits for a lock says so, and gives up in one line."""

import logging

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.warehouse import Warehouse, locks
from macro_cycle.warehouse.locks import exclusive, hold_until_commit
from macro_cycle_tests.patience import PATIENCE


def test_a_lock_is_waited_for_with_a_word_and_an_end(warehouse, monkeypatch, caplog):
    monkeypatch.setattr(locks, "PATIENT_SECONDS", 0.05)
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.05)
    with exclusive(warehouse.engine, "ingestion"), caplog.at_level(logging.WARNING):
        with (
            pytest.raises(MacroCycleError, match="another process has held the lock of the ingestion"),
            exclusive(warehouse.engine, "ingestion"),
        ):
            raise AssertionError("it was held twice")
        with warehouse.engine.begin() as connection, pytest.raises(MacroCycleError):
            hold_until_commit(connection, "ingestion")
    assert "waiting for another process" in caplog.text
    with warehouse.engine.begin() as connection:
        hold_until_commit(connection, "ingestion")


def test_waiting_changes_no_setting_of_the_session(warehouse):
    with warehouse.engine.begin() as connection:
        hold_until_commit(connection, "ingestion")
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"


def test_an_interrupt_just_after_the_lock_was_taken_gives_it_back(warehouse, monkeypatch):
    honest = locks._wait_for

    def interrupted(connection, *lock) -> None:
        honest(connection, *lock)
        connection.commit()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(locks, "_wait_for", interrupted)
        with pytest.raises(KeyboardInterrupt), exclusive(warehouse.engine, "ingestion"):
            raise AssertionError("it was interrupted before")
    monkeypatch.setattr(locks, "PATIENT_SECONDS", 0.05)
    monkeypatch.setattr(locks, "WAIT_SECONDS", PATIENCE)
    with Warehouse(warehouse.engine.url.render_as_string(hide_password=False)).exclusively():
        pass
