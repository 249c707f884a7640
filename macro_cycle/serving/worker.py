"""A process that answers: warm from its start, and serving as soon as no other of its home does.

Which of two workers serves is decided by a lock on a file, which the kernel frees when its holder dies, so that the
other takes over at once. Both have the same listening socket; what waits in it is not lost.
"""

import asyncio
import contextlib
import fcntl
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING

from prometheus_client import REGISTRY

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.metrics import ServingMetrics
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.origins import SameOrigin, allowed_hosts
from macro_cycle.platform.settings import Settings, read_settings

if TYPE_CHECKING:
    from macro_cycle.serving.served_models import ServedModels

BACKLOG = 2_048
GRACE_SECONDS = 10
ORPHAN_SECONDS = 120.0  # longer than a successor takes to get ready on a busy machine
SUCCESSOR_SECONDS = 0.5
POLL_SECONDS = 0.05
WARM = b"warm"


class ServingLock:
    """Held by the one process of a home that serves."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (root / "serving.lock").open("a", encoding="utf-8")

    def acquire(self) -> bool:
        """Take it, if nobody has it."""
        return _locked(self._file, fcntl.flock, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let another process serve."""
        fcntl.flock(self._file, fcntl.LOCK_UN)


class WaitingQueue:
    """Where workers of a home say that they are ready to serve; those of one keeper stand at one place.

    Args:
        root: The home's folder of the model server.
        place: A positive number that a keeper's workers share and no other keeper's workers have.
    """

    def __init__(self, root: Path, place: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (root / "waiting.lock").open("a+", encoding="utf-8")
        self._place = place

    def join(self) -> None:
        """Say that this process is ready; one who looks holds the queue for a moment."""
        fcntl.lockf(self._file, fcntl.LOCK_SH, 1, self._place)

    def leave(self) -> None:
        """It waits no more."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._place)

    def has_a_successor(self) -> bool:
        """Whether a worker of another keeper is ready."""
        to_the_end = 0
        return not (self._is_free(self._place, start=0) and self._is_free(to_the_end, start=self._place + 1))

    def _is_free(self, length: int, start: int) -> bool:
        free = _locked(self._file, fcntl.lockf, fcntl.LOCK_EX, length, start)
        if free:
            fcntl.lockf(self._file, fcntl.LOCK_UN, length, start)
        return free


def _locked(file: IO[str], lock: Callable[..., None], kind: int, *span: int) -> bool:
    try:
        lock(file, kind | fcntl.LOCK_NB, *span)
    except (BlockingIOError, PermissionError):  # POSIX lets a system say either
        return False
    return True


class Worker:
    """Serves on the bound `listener`; `parent` is readable once the process that keeps it has gone."""

    def __init__(self, settings: Settings, listener: socket.socket, parent: int) -> None:
        self._settings, self._listener, self._parent = settings, listener, parent
        self._lock = ServingLock(settings.home / "serving")
        self._queue = WaitingQueue(settings.home / "serving", place=os.fstat(parent).st_ino)
        self._ending = threading.Event()
        self._cycles: dict[str, str] = {}

    def run(self, warm: int) -> None:
        """Prepare, say so at `warm`, wait for the turn, and serve until the end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ending.set())
        models = self._prepared()
        with contextlib.suppress(BrokenPipeError):  # the server has gone since; another one comes
            os.write(warm, WARM)
        os.close(warm)
        if self._turn_comes():
            asyncio.run(self._serve(models))

    def _prepared(self) -> "dict[str, ServedModels]":
        """The models that are offered, by name."""
        from macro_cycle.serving import grpc_service, http_server  # noqa: F401 - heavy; read before the turn comes
        from macro_cycle.serving.assembly import offered, served_models
        from macro_cycle.serving.errors import Unavailable

        cycles = offered(self._settings)
        self._cycles = {name: definition.code for name, definition in cycles.items()}
        models = {name: served_models(self._settings, definition) for name, definition in cycles.items()}
        for each in models.values():
            with contextlib.suppress(Unavailable):
                each.current()
        return models

    def _turn_comes(self) -> bool:
        """Wait for the lock; False when this process is to end before."""
        self._listener.listen(BACKLOG)
        self._queue.join()
        while not self._lock.acquire():
            gone, _, _ = select.select([self._parent], [], [], POLL_SECONDS)
            if gone or self._ending.is_set():
                return False
        self._queue.leave()
        return not self._ending.is_set()

    async def _serve(self, models: "dict[str, ServedModels]") -> None:
        """Answer over REST and gRPC until a signal ends it, or the parent is gone and another can take over."""
        from macro_cycle.serving.assembly import assemble
        from macro_cycle.serving.grpc_service import InferenceService, grpc_server
        from macro_cycle.serving.http_server import HttpServer

        kserve = self._settings.kserve
        clock = Clock.of(self._settings)
        metrics = ServingMetrics(self._cycles, self._settings.home / "metrics")
        REGISTRY.register(metrics)
        handed_over = threading.Event()
        writing = metrics.keep_writing(handed_over)
        assembly = assemble(self._settings, models, metrics, lambda: clock.now().date())
        app = SameOrigin(assembly.application, allowed_hosts(self._settings, kserve.host))

        def stopped_accepting() -> None:
            handed_over.set()
            writing.join()  # the successor goes on from what was written last
            self._lock.release()

        http = HttpServer(app, GRACE_SECONDS, stopped_accepting)
        service = InferenceService(assembly.inferences, assembly.controls)
        grpc = grpc_server(service, f"{kserve.host}:{kserve.grpc_port}", kserve.max_body_bytes)
        loop = asyncio.get_running_loop()

        def end() -> None:
            assembly.end()
            http.should_exit = True

        def look(until: float) -> None:
            if self._queue.has_a_successor() or loop.time() > until:
                end()
            else:
                loop.call_later(SUCCESSOR_SECONDS, look, until)

        def alone() -> None:
            loop.remove_reader(self._parent)
            look(until=loop.time() + ORPHAN_SECONDS)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        if self._ending.is_set():  # the signal came before there was anybody to hear it
            return
        loop.add_reader(self._parent, alone)
        if self._settings.database_url is not None:
            # the first question about an economy is not to wait for it
            threading.Thread(target=import_module, args=("macro_cycle.feature_store.store",), daemon=True).start()
        await grpc.start()
        await http.serve(sockets=[self._listener])
        await grpc.stop(GRACE_SECONDS)


def main() -> None:
    """`python -m macro_cycle.serving.worker <socket> <parent> <warm>`: descriptors inherited from the server."""
    listening, parent, warm = map(int, sys.argv[1:4])
    sys.argv = sys.argv[:1]  # kserve parses the command line when it is imported
    try:
        Worker(read_settings(), socket.socket(fileno=listening), parent).run(warm)
    except (MacroCycleError, RuntimeError) as error:
        sys.exit(f"error: {error}")
    os._exit(0)  # a thread whose answer nobody waits for does not hold up the end


if __name__ == "__main__":
    main()
