"""Which bundle answers: the committed one for everybody, a candidate for who names it and holds the token.

The store's pointer is the one truth. A process looks at it at every request, so several processes on one store switch
together, and whatever is killed, what answers after the restart is what was committed.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.bundle_store import BundleStore, Signature
from macro_cycle.serving.errors import Unavailable
from macro_cycle.training.bundle import Bundle


class ServedModels:
    """Builds the `Answering` of the versions in `store`."""

    def __init__(self, store: BundleStore, build: Callable[[Bundle, str], Answering]) -> None:
        self._store, self._build = store, build
        self._describe: Callable[[Answering], None] = lambda _: None
        self._signature: Signature | None = None
        self._current: Answering | None = None
        self._candidate: Answering | None = None
        self._lock = Lock()

    def current(self) -> Answering:
        """What answers everybody.

        Raises:
            Unavailable: nothing was committed, or nothing of it is whole.
        """
        if self._store.signature() != self._signature:
            self._follow()
        if self._current is None:
            raise Unavailable("no model serves yet; deploy one with `macro-cycle run`")
        return self._current

    def on_change(self, describe: Callable[[Answering], None]) -> None:
        """Have `describe` hear of what serves, now and whenever it changes."""
        self._describe = describe
        if self._current is not None:
            describe(self._current)

    def candidate(self, version: str) -> Answering:
        """What a version would answer; the last one asked for is kept.

        Raises:
            MacroCycleError: it is not there, is damaged, or does not replay its golden window.
        """
        with self._lock:
            if self._candidate is None or self._candidate.version != version:
                self._candidate = self._build(self._store.get(version), version)
            return self._candidate

    def commit(self, version: str) -> None:
        """Have the version answer everybody, now and after a restart.

        Raises:
            MacroCycleError: it cannot answer.
            OSError: the disk does not take it; the former goes on.
        """
        self.candidate(version)
        self._store.commit(version)
        self.current()

    def _follow(self) -> None:
        """Take up the newest committed version that is whole; what serves goes on where there is none."""
        with self._lock:
            signature = self._store.signature()
            if self._store.is_withdrawn():
                self._current = None
            for version in self._store.committed():
                if self._take_up(version):
                    break
            self._signature = signature

    def _take_up(self, version: str) -> bool:
        if self._current is not None and self._current.version == version:
            return True
        try:
            known = self._candidate
            if known is None or known.version != version:
                known = self._build(self._store.get(version), version)
        except MacroCycleError as error:
            say(f"{error}; what was committed before it serves")
            return False
        self._current, self._candidate = known, None
        self._describe(known)
        return True


def say(message: str) -> None:
    """A line in the log, unless the disk takes none."""
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)
