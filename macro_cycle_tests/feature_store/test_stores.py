"""Redis and DuckDB in place of PostgreSQL are a matter of configuration: the same answers."""

import shutil
import subprocess
from dataclasses import replace
from importlib.util import find_spec

import pandas as pd
import pytest

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.platform.sockets import is_listened_at
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.feature_store.command_line import feast
from macro_cycle_tests.feature_store.months import open_store, row
from macro_cycle_tests.feature_store.test_history import feast_s, ours
from macro_cycle_tests.patience import wait_until

pytestmark = pytest.mark.slow

needs_redis = pytest.mark.skipif(
    shutil.which("redis-server") is None or find_spec("redis") is None,
    reason="needs the program redis-server and the extra `redis`",
)
needs_duckdb = pytest.mark.skipif(
    find_spec("duckdb") is None or find_spec("ibis") is None, reason="needs the extra `duckdb`"
)
TWO = [row("2008-01-31", 0.1), row("2008-02-29", 0.2)]


@pytest.fixture
def redis(tmp_path):
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([*command, "--requirepass", "p$w"], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listened_at(("127.0.0.1", port)), "Redis does not listen")
        yield server, f"127.0.0.1:{port},db=0,password=p$w"
    finally:
        server.kill()
        server.wait()


@needs_redis
def test_redis_answers_as_postgresql_does(placement, clock, redis):
    _, address = redis
    stores = [open_store(replace(placement, redis=where), clock) for where in (None, address)]
    stores[0].write_offline(TWO)
    for store in stores:
        store.materialize_online()
    rows = [repr(store.read_online()) for store in stores]
    assert rows[0] == rows[1]


@needs_redis
def test_redis_is_not_moved_back_by_feast_s_command_line(placement, clock, redis):
    chosen = replace(placement, redis=redis[1])
    economy = open_store(chosen, clock)
    economy.write_offline(TWO)
    feast(chosen, "materialize", "2008-01-01T00:00:00", "2008-03-10T00:00:00")
    feast(chosen, "materialize", "2008-01-01T00:00:00", "2008-02-10T00:00:00")
    assert economy.read_online().recession_probability == 0.2


@needs_redis
def test_a_redis_that_is_gone_is_named_in_one_line(placement, clock, redis):
    server, address = redis
    economy = open_store(replace(placement, redis=address), clock)
    economy.write_offline(TWO)
    economy.materialize_online()
    server.kill()
    server.wait()
    for asks in (economy.read_online, economy.materialize_online):
        with pytest.raises(OutageError, match="Redis does not answer") as refused:
            asks()
        assert "p$w" not in str(refused.value)


@needs_redis
def test_a_wrong_password_of_redis_is_no_outage(placement, clock, redis):
    economy = open_store(replace(placement, redis=redis[1].replace("p$w", "guess")), clock)
    economy.write_offline(TWO)
    with pytest.raises(MacroCycleError, match="Redis does not answer") as refused:
        economy.materialize_online()
    assert not isinstance(refused.value, OutageError)
    assert "guess" not in str(refused.value)


@needs_duckdb
def test_duckdb_reads_the_same_history(placement, clock, tmp_path):
    economy = open_store(replace(placement, parquet=tmp_path), clock)
    economy.write_offline(TWO)
    clock.set("2008-03-20")
    economy.write_offline([row("2008-02-29", 0.9, "revised later"), row("2008-03-31", 0.3)])
    moments = [pd.Timestamp(day) for day in ("2008-01-10", "2008-02-10", "2008-03-19", "2008-03-20", "2009-12-01")]
    pd.testing.assert_frame_equal(ours(economy, moments), feast_s(economy, moments), check_dtype=False)


@needs_duckdb
def test_feast_s_command_line_materializes_by_duckdb(placement, clock, tmp_path):
    chosen = replace(placement, parquet=tmp_path)
    economy = open_store(chosen, clock)
    economy.write_offline(TWO)
    feast(chosen, "materialize", "2008-01-01T00:00:00", "2008-03-10T00:00:00")
    assert economy.read_online().recession_probability == 0.2
