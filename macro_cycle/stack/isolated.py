"""A second stack beside the one that people use: a home, ports and a database of its own, gone afterwards."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.stack.lifecycle import Progress, down, up

PORTS = (
    *("DAGSTER__PORT", "MLFLOW__PORT", "KSERVE__PORT", "KSERVE__GRPC_PORT", "PROMETHEUS__EXPORTER_PORT"),
    "PAGE__PORT",
    "FEAST__PORT",
    *("PROMETHEUS__PORT", "PROMETHEUS__ALERTMANAGER_PORT"),
)
SHARED = ("DATABASE_URL", "MLFLOW_TRACKING_URI")
AGAIN_SECONDS = 1.0


@contextmanager
def isolated_stack(home: Path, on_progress: Progress = lambda _name, _state: None, **chosen: str) -> Iterator[Settings]:
    """The embedded stack in `home` under the present settings, changed by `chosen` (names without the prefix).

    The settings of this process and of every process it starts are the stack's until it has ended, which it has also
    when this process is interrupted or terminated.

    Raises:
        MacroCycleError: the database or MLflow is set elsewhere than in the environment, so the stack would share it.
    """
    wanted = {"HOME": str(home), **_free_ports(), **dict.fromkeys(SHARED, ""), **chosen}
    environment = {f"MACRO_CYCLE_{name}": value for name, value in wanted.items()}
    with terminable() as unwinding, _environment(environment):
        settings = read_settings()
        if settings.database_url is not None or settings.mlflow.tracking_uri is not None:
            raise MacroCycleError(
                "a stack of its own needs a database of its own: move database_url and mlflow.tracking_uri "
                "from .env or config.yaml to the environment"
            )
        try:
            up(settings, on_progress)
            yield settings
        finally:
            try:
                unwinding()
            finally:
                unwinding()  # an alarm just before has set the clock again
                down(settings)


@contextmanager
def terminable() -> Iterator[Callable[[], None]]:
    """Let the first SIGTERM unwind this process, and so end the stack, as Ctrl-C does.

    Where Python passes over the exception, as in the callback of a weak reference, it is raised again each
    `AGAIN_SECONDS`, until the function that is yielded says that the process unwinds.
    """

    def unwind(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        sys.exit(128 + signal.SIGTERM)

    def unwinding() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    former = {number: signal.signal(number, unwind) for number in (signal.SIGTERM, signal.SIGALRM)}
    try:
        yield unwinding
    finally:
        unwinding()
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _free_ports() -> dict[str, str]:
    """A free port for each service; all are held open until the last is found, so that they differ."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in PORTS]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return {name: str(probe.getsockname()[1]) for name, probe in zip(PORTS, probes, strict=True)}
