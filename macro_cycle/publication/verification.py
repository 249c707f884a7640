"""Checking a published record with nothing but the file: what was altered, removed, reordered or cut off, by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from macro_cycle.errors import MacroCycleError
from macro_cycle.publication.ledger import NOTHING_BEFORE, Entry

SHORTEST_HEAD = 12


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line (the first is 1), as the end of a sentence that begins with it."""

    line: int
    what: str


@dataclass(frozen=True)
class Verified:
    """What a file holds: the entries that hold, and every problem by line.

    A record without problems is whole up to its head; that nothing was cut off after it, only a head that was noted
    earlier or elsewhere shows.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    @property
    def head(self) -> str:
        """Digest of the last entry."""
        return self.entries[-1].digest if self.entries else NOTHING_BEFORE


def verify(content: bytes, head: str | None = None) -> Verified:
    """Check every line, and that the entry with the digest `head` (its beginning is enough) is among them.

    Raises:
        MacroCycleError: the head cannot be a digest.
    """
    lines = content.split(b"\n")
    unfinished = lines.pop()
    entries, problems = _chain(lines)
    if unfinished:
        problems.append(Problem(len(lines) + 1, "is unfinished: its writer was stopped, or it was cut"))
    if head is not None and not any(entry.digest.startswith(_checked(head)) for entry in entries):
        problems.append(
            Problem(
                max(len(lines), 1),
                f"ends the record, and no entry has the digest {head}: entries were cut off or written again",
            )
        )
    return Verified(tuple(entries), tuple(problems))


def read(path: Path) -> bytes:
    """The content of a record.

    Raises:
        MacroCycleError: it cannot be read, or holds nothing.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MacroCycleError(f"cannot read {path}: {error.strerror}") from None
    if not content:
        raise MacroCycleError(f"{path} is empty: it holds no published record")
    return content


def _checked(head: str) -> str:
    digits = head.lower()
    if not SHORTEST_HEAD <= len(digits) <= 64 or not set(digits) <= set("0123456789abcdef"):
        raise MacroCycleError(f"{head} is no digest; give at least {SHORTEST_HEAD} of its 64 hexadecimal digits")
    return digits


def _chain(lines: Sequence[bytes]) -> tuple[list[Entry], list[Problem]]:
    """The entries that hold by themselves, and what is wrong with the lines and with their order."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    before: Entry | None = None
    broken = False
    for number, line in enumerate(lines, start=1):
        try:
            entry = Entry.read(line)
        except MacroCycleError as error:
            problems.append(Problem(number, str(error)))
            broken = True
            continue
        if not broken and (found := _misplaced(before, entry)):
            problems.append(Problem(number, found))
        broken, before = False, entry
        entries.append(entry)
    return entries, problems


def _misplaced(before: Entry | None, entry: Entry) -> str | None:
    """What is wrong with an entry after the one before it; None: it follows."""
    last, digest = (before.number, before.digest) if before else (0, NOTHING_BEFORE)
    if entry.number > last + 1:
        missing = (
            f"entry {last + 1} is" if entry.number == last + 2 else f"entries {last + 1} to {entry.number - 1} are"
        )
        return f"holds entry {entry.number}: {missing} missing before it"
    if entry.number <= last:
        return f"holds entry {entry.number} after entry {last}: the order was changed, or it stands there twice"
    if entry.previous != digest:
        return f"does not follow from entry {last}, which was altered or written again"
    return None
