"""`python -m macro_cycle.stack.code_server`: the code server, at DAGSTER_CODE_SERVER_SOCKET or at _HOST and _PORT.

The web server and the daemon read the definitions from it, and runs start in it. It is `dagster code-server start`:
a proxy before the process that holds the definitions, which *Reload* in Dagster's page replaces. Dagster does not
replace one that died: then this process leaves, to be started again. Runs of former lives are looked after here.
"""

import logging
import os
import runpy
import sys
import threading
import time
from pathlib import Path

import psutil

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.platform.addresses import CODE_SERVER
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.platform.sockets import CODE_PORT, CODE_SOCKET, Address, code_server, is_listened_at
from macro_cycle.stack.orphans import SERVICE
from macro_cycle.stack.postgres import database_url
from macro_cycle.stack.processes import lives

LOOK_SECONDS = 1.0
RUNS_SECONDS = 5.0
MODULE, LOCATION = "macro_cycle.definitions", "macro_cycle"

_log = logging.getLogger(__name__)


def serve() -> None:
    """Serve until a signal asks to end, or the process that holds the definitions dies.

    Raises:
        MacroCycleError: the environment does not say where.
    """
    address = code_server()
    if address is None:
        raise MacroCycleError(f"set {CODE_SOCKET} or {CODE_PORT}; `macro-cycle up` starts the code server with it set")
    os.environ.setdefault(SERVICE, CODE_SERVER)  # in a container, too, it waits for its database
    wait_for_the_database(read_settings())
    if isinstance(address, str):
        Path(address).unlink(missing_ok=True)  # a former life may not have come to remove it
    for watch in (_leave_with_the_definitions, _end_lost_runs):
        threading.Thread(target=watch, args=(address,), daemon=True).start()
    sys.argv = ["dagster", "code-server", "start", "--module-name", MODULE, "--location-name", LOCATION]
    runpy.run_module("dagster", run_name="__main__")


def wait_for_the_database(settings: Settings) -> None:
    """However long it is away: definitions do not load without it, and Dagster keeps such a failure until *Reload*."""
    while True:
        try:
            database_url(settings)
        except OutageError as error:
            _log.warning("waiting for it: %s", error)
            time.sleep(LOOK_SECONDS)
        else:
            return


def _leave_with_the_definitions(address: Address) -> None:
    """Leave once there is no process that holds them, if there was one when the proxy began to listen.

    Definitions that cannot be loaded do not end it: then it stays to say why.
    """
    _wait_for(address)
    if not _living_children():
        return
    while _living_children():
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def _living_children() -> list[psutil.Process]:
    return list(filter(lives, psutil.Process().children()))


def _end_lost_runs(address: Address) -> None:
    from dagster import DagsterInstance

    from macro_cycle.registry.errors import first_line
    from macro_cycle.stack.lost_runs import LostRuns

    _wait_for(address)
    door = {"socket": address} if isinstance(address, str) else {"port": address[1]}
    runs: LostRuns | None = None
    while True:
        try:
            runs = runs or LostRuns(DagsterInstance.get(), door, psutil.Process().create_time())
            runs.look()
        except Exception as error:  # the database is away, for as long as it takes
            _log.warning("runs in progress could not be looked at: %s", first_line(error))
        time.sleep(RUNS_SECONDS)


def _wait_for(address: Address) -> None:
    while not is_listened_at(address):
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    try:
        serve()
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
