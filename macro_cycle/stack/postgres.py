"""The platform's PostgreSQL: the one that the settings name, or a server embedded under `home`.

`python -m macro_cycle.stack.postgres` keeps the embedded server up; any other process that asks for its URL
attaches to it, or starts it and has it stopped when the last one leaves.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import psycopg
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.stack.cluster import bring_up_to_date, postmaster, refuse_copy_of_running, wheel
from macro_cycle.stack.orphans import SERVICE
from macro_cycle.stack.processes import lives
from macro_cycle.warehouse.locks import WAIT_SECONDS
from macro_cycle.warehouse.urls import SCHEMAS, DatabaseUrl

ADVISORY_LOCK = 7_200_000_000
CHECK_SECONDS = 1.0
START_SECONDS = 60.0
STOP_SECONDS = 30.0
READY = "ready"  # in the wheel's reading of postmaster.pid


def database_url(settings: Settings) -> str:
    """URL of the platform's database, with a schema for each tenant.

    Raises:
        MacroCycleError: the embedded server does not start.
        OutageError: the database that the settings name does not answer.
    """
    if settings.database_url is not None:
        return _prepared(settings.database_url.get_secret_value())
    return _prepared(embedded_server(settings.home / "postgres").get_uri())


def _prepared(url: str) -> str:
    """The URL, once its database answers and has a schema for each tenant."""
    named = DatabaseUrl(url)
    try:
        with _connected(named) as connection:
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{WAIT_SECONDS:.0f}s",))
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (ADVISORY_LOCK,))
            for schema in SCHEMAS:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
    except psycopg.Error as error:
        raise named.away(error) from None
    return url


def _connected(named: DatabaseUrl) -> psycopg.Connection:
    """A connection; a service, whose database may just be coming back, waits for it."""
    patiently = Retrying(
        retry=retry_if_exception_type(psycopg.OperationalError),
        stop=stop_after_delay(START_SECONDS if SERVICE in os.environ else 0),
        wait=wait_fixed(CHECK_SECONDS),
        reraise=True,
    )
    return patiently(psycopg.connect, named.libpq())


def embedded_server(data: Path) -> Any:
    """A handle on the embedded server over the folder `data`, which runs until the last handle's process has ended.

    A folder of an earlier PostgreSQL is brought to the wheel's first. The wheel gives a start ten seconds, and takes a
    server that is found starting for a fault; on a busy machine, or after a crash, recovery takes longer and goes on.

    Raises:
        MacroCycleError: it does not start; the folder is of a PostgreSQL that the wheel cannot read; or it was copied
            while its server ran.
    """
    refuse_copy_of_running(data)
    bring_up_to_date(data)
    data.mkdir(parents=True, exist_ok=True)
    patiently = Retrying(
        retry=retry_if_exception_type((subprocess.TimeoutExpired, FileNotFoundError, AssertionError)),
        stop=stop_after_delay(START_SECONDS),
        wait=wait_fixed(CHECK_SECONDS),
        reraise=True,
    )
    try:
        return patiently(_started, data)
    except Exception as error:
        why = str(error).partition("\n")[0] or "it does not get ready"
        raise MacroCycleError(f"the embedded PostgreSQL in {data} does not start: {why}; see {data}/log") from None


def _started(data: Path) -> Any:
    server = wheel().get_server(data, cleanup_mode="stop")
    found = server._postmaster_info
    if found is None or found.status != READY:  # its start was given up, and the wheel hands it out again as it is
        with server._lock:
            server.ensure_postgres_running()
            server.global_process_id_list.get_and_add(os.getpid())
    return server


def stop_embedded(settings: Settings) -> None:
    """Have the embedded server stop if one runs, whoever started it; where it takes long, it goes on by itself."""
    running = postmaster(settings.home / "postgres")
    if running is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        running.process.send_signal(signal.SIGINT)  # fast shutdown: sessions are cut off, nothing committed is lost
    psutil.wait_procs([running.process], STOP_SECONDS)


def keep_running(settings: Settings) -> None:
    """Hold the embedded server until told to end; leave with an error when it dies, to be started again."""
    url = database_url(settings)
    ended = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: ended.set())
    print(f"PostgreSQL answers at {DatabaseUrl(url)}", flush=True)
    running = postmaster(settings.home / "postgres")
    while not ended.wait(CHECK_SECONDS):
        if running is None or not lives(running.process):
            os._exit(1)
    stop_embedded(settings)


if __name__ == "__main__":
    try:
        keep_running(read_settings())
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
