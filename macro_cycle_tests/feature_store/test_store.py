"""What is online is the newest row, whole, of every economy, whoever writes and whatever restarts."""

import threading
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import psycopg
import pytest
from psycopg import sql

from macro_cycle.errors import MacroCycleError
from macro_cycle_tests.feature_store.months import LABELS, open_store, row


def test_online_answers_what_history_does_now(economy, clock):
    economy.write_offline([row("2008-02-29", 0.1), row("2008-03-31", 0.2)])
    economy.materialize_online()
    clock.set("2008-03-12")
    online, known = economy.read_online(), economy.read_history([clock()]).iloc[0]
    assert online.recession_probability == known["regime_probabilities__recession_probability"] == 0.2
    assert (online.as_of, online.reference_month) == (date(2008, 3, 31), date(2008, 3, 1))


def test_age_is_counted_from_the_moment_of_knowledge(economy, clock):
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.materialize_online()
    clock.set("2008-03-13 12:00")
    online = economy.read_online()
    assert online.known_at == datetime(2008, 3, 10, 12, tzinfo=UTC)
    assert online.age == timedelta(days=3)


def test_age_is_never_negative(economy, clock):
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.materialize_online()
    clock.set("2008-03-01")
    assert economy.read_online().age == timedelta()


def test_a_missing_value_is_nan(economy):
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.materialize_online()
    online = economy.read_online()
    assert online.features["INDPRO"] == 0.2
    assert pd.isna(online.features["UNRATE"])
    assert set(online.probabilities) == {f"{k}_{x}" for k in ("filtered", "smoothed", "predicted") for x in LABELS}


def test_online_is_the_newest_whatever_is_written_after_it(economy):
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.write_offline([row("2008-01-31", 0.1), row("2008-02-29", 0.1)])
    economy.materialize_online()
    economy.write_offline([row("2008-02-29", 0.9, "recomputed")])
    economy.materialize_online()
    assert economy.read_online().recession_probability == 0.2


def test_an_empty_online_store_says_what_to_do(economy):
    with pytest.raises(MacroCycleError, match="materialize feast_materialization first"):
        economy.read_online()
    with pytest.raises(MacroCycleError, match="materialize feast_materialization"):
        economy.materialize_online()


def test_economies_are_online_side_by_side(placement, clock):
    us, br = open_store(placement, clock), open_store(placement, clock, "BR", ("IBCBR", "UNRATE"))
    us.write_offline([row("2008-03-31", 0.2)])
    us.materialize_online()
    br.write_offline([row("2008-02-29", 0.7, features=("IBCBR", "UNRATE"))])
    br.materialize_online()
    assert [store.read_online().recession_probability for store in (us, br)] == [0.2, 0.7]
    assert set(br.read_online().features) == {"IBCBR", "UNRATE"}


def test_a_half_written_row_is_not_answered(economy, clock, monkeypatch):
    from macro_cycle.feature_store import store

    economy.write_offline([row("2008-02-29", 0.1)])
    economy.materialize_online()
    economy.write_offline([row("2008-03-31", 0.2)])
    with psycopg.connect(economy._placement.url) as connection:
        newest = store.history.newest(connection, "US")
    economy._write_online("macro_features", newest["macro_features"])  # and killed before the other view
    monkeypatch.setattr(store, "TORN_SECONDS", 0.05)
    with pytest.raises(MacroCycleError, match="written half"):
        economy.read_online()
    economy.materialize_online()
    assert economy.read_online().recession_probability == 0.2


def test_a_restarted_database_is_found_again(economy):
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.materialize_online()
    economy.read_online()
    with psycopg.connect(economy._placement.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert economy.read_online().recession_probability == 0.2


def test_an_online_row_of_the_first_version_gives_way(economy, placement, clock):
    """It was stamped with the end of the month while that was open."""
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.materialize_online()
    with psycopg.connect(placement.url) as connection:
        for view in ("macro_features", "regime_probabilities"):
            table = sql.Identifier("feast", f"macro_cycle_{view}")
            connection.execute(sql.SQL("DROP TRIGGER only_forward ON {}").format(table))
            connection.execute(sql.SQL("UPDATE {} SET event_ts = '2008-03-31 23:59:59Z'").format(table))
    clock.set("2008-03-11")
    economy = open_store(placement, clock)
    economy.write_offline([row("2008-03-31", 0.3)])
    economy.materialize_online()
    assert economy.read_online().known_at == datetime(2008, 3, 11, tzinfo=UTC)


def test_reading_opens_no_connection(economy):
    economy.write_offline([row("2008-03-31", 0.2)])
    economy.materialize_online()
    economy.read_online()
    with psycopg.connect(economy._placement.url, autocommit=True) as connection:
        query = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
        connection.execute("SELECT pg_stat_force_next_flush()")
        before = connection.execute(query).fetchone()
        for _ in range(20):
            economy.read_online()
        connection.execute("SELECT pg_stat_clear_snapshot()")
        assert connection.execute(query).fetchone() == before


def test_threads_read_while_another_writes(economy, clock):
    economy.write_offline([row("2008-03-31", 0.0)])
    economy.materialize_online()
    seen: list[list[float]] = [[] for _ in range(4)]
    done = threading.Event()

    def read(found: list[float]) -> None:
        while not done.is_set():
            online = economy.read_online()
            assert online.features["INDPRO"] == online.recession_probability
            found.append(online.recession_probability)

    readers = [threading.Thread(target=read, args=(found,)) for found in seen]
    for reader in readers:
        reader.start()
    for value in range(1, 11):
        clock.moment += pd.Timedelta(minutes=1)
        economy.write_offline([row("2008-03-31", float(value))])
        economy.materialize_online()
    done.set()
    for reader in readers:
        reader.join()
    assert all(found == sorted(found) and found for found in seen)


def test_a_database_that_is_gone_is_named_in_one_line(placement, clock):
    from dataclasses import replace

    nowhere = replace(placement, url="postgresql://user:secret@127.0.0.1:1/none")
    with pytest.raises(MacroCycleError, match="does not answer") as refused:
        open_store(nowhere, clock)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
