"""Processes that outlive the service that started them, and the end of them.

`python -m macro_cycle.stack.orphans PROGRAM ARGUMENT...` becomes the program after ending what a former life of the
same service left behind: MLflow's workers outlive a killed server and keep its port.
"""

import contextlib
import os
import sys
from pathlib import Path

import psutil

HOME = "MACRO_CYCLE_HOME"
SERVICE = "SUPERVISOR_PROCESS_NAME"  # set by supervisord, inherited by all that a service starts
END_SECONDS = 10.0


def orphans(home: Path, service: str | None = None) -> list[psutil.Process]:
    """Processes other than this one that a service of `home` (this one or any) started."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        name = environment.get(SERVICE)
        if environment.get(HOME) == str(home) and name and service in (None, name) and process.pid != os.getpid():
            found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """Ask the processes to end, and kill those that do not within `END_SECONDS`."""
    for ending in (psutil.Process.terminate, psutil.Process.kill):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                ending(process)
        _, processes = psutil.wait_procs(processes, timeout=END_SECONDS)


if __name__ == "__main__":
    end(orphans(Path(os.environ[HOME]), os.environ[SERVICE]))
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the service's own command line
