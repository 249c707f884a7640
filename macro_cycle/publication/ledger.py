r"""An append-only file of JSON lines, each of which follows from the one before it by a hash.

A line is a JSON object that ends with `,"digest":"<64 hexadecimal digits>"}`: SHA-256 of the bytes of the line before
that comma. It holds `entry`, its number from 1 on, and `previous`, the digest of the line before (64 zeros in the first
line). So a chain can be checked with any tool that splits lines and computes SHA-256.

A line is written by one call that appends, and kept on disk before anything is said of it. A process that is killed, or
a disk that is full, can leave at most the beginning of a line; whoever appends next takes that away. No whole line is
ever changed.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from macro_cycle.errors import MacroCycleError

FORMAT = "macro-cycle published record 1"
NOTHING_BEFORE = "0" * 64
SEAL = b',"digest":"'
SEAL_BYTES = len(SEAL) + 64 + len(b'"}')


@dataclass(frozen=True)
class Entry:
    """One line: its number, kind, the moment at which it was published (ISO, UTC), what it says, and its digest."""

    number: int
    kind: str
    published_at: str
    body: Mapping[str, Any]
    previous: str
    digest: str

    @classmethod
    def read(cls, line: bytes) -> "Entry":
        """The entry of a line without its end, whose hash holds.

        Raises:
            MacroCycleError: the line is no entry, or was altered; the message completes "line n".
        """
        try:
            document = json.loads(line)
            entry = cls(
                document["entry"],
                document["kind"],
                document["published_at"],
                document["body"],
                document["previous"],
                document["digest"],
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise MacroCycleError("is no entry of a published record") from None
        found = digest_of(line[:-SEAL_BYTES])
        if not line.endswith(_seal(entry.digest)) or found != entry.digest:
            raise MacroCycleError(f"was altered: it hashes to {found[:12]}, not to the digest that it holds")
        return entry


@dataclass(frozen=True)
class Draft:
    """What is to be published: its kind, and a body that JSON can say."""

    kind: str
    body: Mapping[str, Any]


class Ledger:
    """The published record of one cycle, in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Iterator["Opened"]:
        """The record, held so that one process at a time adds to it; made where it does not exist.

        Raises:
            MacroCycleError: a whole line of it does not hold, so that nothing may follow it.
            OSError: it cannot be opened.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield Opened(self.path, file)


class Opened:
    """A record that is being added to."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        content = file.read()
        self._size = content.rfind(b"\n") + 1
        if self._size < len(content):
            file.truncate(self._size)
        self.entries = list(_chained(path, content[: self._size].split(b"\n")[:-1]))

    @property
    def head(self) -> str:
        """Digest of the newest entry."""
        return self.entries[-1].digest if self.entries else NOTHING_BEFORE

    def append(self, drafts: Sequence[Draft], now: datetime | None = None) -> list[Entry]:
        """Add entries, all of them or none, and have them on disk.

        Raises:
            OSError: the disk does not take them; the file is then as it was.
        """
        moment = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
        lines, added, head = [], [], self.head
        for number, draft in enumerate(drafts, start=len(self.entries) + 1):
            lines.append(_line(number, draft, moment, head))
            added.append(Entry.read(lines[-1]))
            head = added[-1].digest
        if added:
            self._write(b"".join(line + b"\n" for line in lines))
            self.entries += added
        return added

    def _write(self, content: bytes) -> None:
        try:
            if self._file.write(content) != len(content):
                raise OSError(None, "the disk did not take all of it", str(self._path))
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(content)


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _chained(path: Path, lines: Sequence[bytes]) -> Iterator[Entry]:
    previous = NOTHING_BEFORE
    for number, line in enumerate(lines, start=1):
        try:
            entry = Entry.read(line)
        except MacroCycleError as error:
            raise _damaged(path, number, str(error)) from None
        if (entry.number, entry.previous) != (number, previous):
            raise _damaged(path, number, "does not follow from the one before it")
        previous = entry.digest
        yield entry


def _damaged(path: Path, number: int, why: str) -> MacroCycleError:
    return MacroCycleError(
        f"line {number} of {path} {why}, so nothing is added to it; `macro-cycle verify {path}` says more. "
        "Put the file back as it was, or move it away to begin another"
    )


def _line(number: int, draft: Draft, moment: str, previous: str) -> bytes:
    document = {
        "entry": number,
        "kind": draft.kind,
        "published_at": moment,
        "previous": previous,
        "body": draft.body,
    }
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()[:-1]
    return content + _seal(digest_of(content))


def _seal(digest: object) -> bytes:
    return SEAL + str(digest).encode() + b'"}'
