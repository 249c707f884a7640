"""`python -m macro_cycle.serving.server`: two workers behind one socket, one that serves and one that is ready to.

A worker that dies is replaced while the other serves; SIGHUP replaces both, one after the other; SIGTERM ends them.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.serving.worker import BACKLOG, GRACE_SECONDS, WARM, ServingLock

WARM_SECONDS = 300.0
LONGEST_PAUSE = 30.0
CHECK_SECONDS = 1.0


@dataclass
class Slot:
    """A worker's place: its process, the pipe by which it says that it is warm, and since when it is there."""

    process: subprocess.Popen
    warm: int
    started: float = field(default_factory=time.monotonic)


class Server:
    """Keeps the workers on the address that the settings name.

    Raises:
        MacroCycleError: somebody else listens there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._listener = bound_socket(settings)
        self._alive, self._kept = os.pipe()
        self._slots: list[Slot] = []
        self._pause = 0.0
        self._ending, self._renewing, self._something = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> None:
        """Keep the workers until a signal asks to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._note(self._ending))
        signal.signal(signal.SIGHUP, lambda *_: self._note(self._renewing))
        signal.signal(signal.SIGCHLD, lambda *_: self._something.set())
        kserve = self._settings.kserve
        self._slots = [self._spawned() for _ in range(2 if kserve.standby else 1)]
        print(f"serving at http://{kserve.host}:{kserve.port}, gRPC at port {kserve.grpc_port}", flush=True)
        while not self._ending.is_set():
            self._something.wait(CHECK_SECONDS)
            self._something.clear()
            self._replace_the_dead()
            if self._renewing.is_set():
                self._renewing.clear()
                self._renew()
        self._end([slot.process for slot in self._slots])

    def _note(self, event: threading.Event) -> None:
        event.set()
        self._something.set()

    def _spawned(self) -> Slot:
        read, write = os.pipe()
        inherited = (self._listener.fileno(), self._alive, write)
        command = [sys.executable, "-m", "macro_cycle.serving.worker", *map(str, inherited)]
        process = subprocess.Popen(command, pass_fds=inherited, stdin=subprocess.DEVNULL)
        os.close(write)
        return Slot(process, read)

    def _replace_the_dead(self) -> None:
        for number, slot in enumerate(self._slots):
            if slot.process.poll() is None or self._ending.is_set():
                continue
            with contextlib.suppress(OSError):  # a full disk takes no line
                print(f"a worker ended with {slot.process.returncode}; another takes its place", flush=True)
            os.close(slot.warm)
            brief = time.monotonic() - slot.started < LONGEST_PAUSE
            self._pause = min(max(2 * self._pause, 0.1), LONGEST_PAUSE) if brief else 0.0
            self._ending.wait(self._pause)
            self._slots[number] = self._spawned()

    def _renew(self) -> None:
        """Replace each worker once its successor is warm; where one does not get so far, those of before serve on."""
        for number, old in enumerate(list(self._slots)):
            new = self._spawned()
            if not self._gets_warm(new):
                self._leave(new)
                if not self._ending.is_set():
                    with contextlib.suppress(OSError):
                        print("a new worker did not get ready; those of before serve on", flush=True)
                return
            self._slots[number] = new
            self._leave(old)

    def _gets_warm(self, slot: Slot) -> bool:
        deadline = time.monotonic() + WARM_SECONDS
        while not self._ending.is_set() and time.monotonic() < deadline:
            ready, _, _ = select.select([slot.warm], [], [], CHECK_SECONDS)
            if ready:
                return os.read(slot.warm, len(WARM)) == WARM
        return False

    def _leave(self, slot: Slot) -> None:
        self._end([slot.process])
        os.close(slot.warm)

    def _end(self, processes: list[subprocess.Popen]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(GRACE_SECONDS + 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def bound_socket(settings: Settings) -> socket.socket:
    """A socket on the server's address, which only workers of this home share.

    It listens at once, so that nothing is refused while the workers start, unless a worker of a server that was
    killed still serves: then the new worker has it listen when its turn comes.

    Raises:
        MacroCycleError: somebody else has the address, or that of gRPC.
    """
    kserve, lock = settings.kserve, ServingLock(settings.home / "serving")
    alone = lock.acquire()
    if alone:
        lock.release()
        _check_free(kserve.host, kserve.port, "MACRO_CYCLE_KSERVE__PORT")
        _check_free(kserve.host, kserve.grpc_port, "MACRO_CYCLE_KSERVE__GRPC_PORT")
    listener = _socket(kserve.host)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((kserve.host, kserve.port))
    if alone:
        listener.listen(BACKLOG)
    return listener


def _check_free(host: str, port: int, setting: str) -> None:
    with _socket(host) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            raise MacroCycleError(
                f"the model server cannot listen at {host}:{port}: {error.strerror}; set {setting} to a free port"
            ) from None


def _socket(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return opened


def serve(settings: Settings) -> None:
    """Serve until a signal asks to end.

    The workers read the settings anew, so these must be those of the environment.
    """
    Server(settings).run()


if __name__ == "__main__":
    try:
        serve(read_settings())
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
