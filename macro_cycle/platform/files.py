"""Files that a reader sees whole or not at all, and that leave nothing beside them when their writer is killed."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".unfinished"
ABANDONED_SECONDS = 3600.0  # no file of ours takes so long to write


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write or replace the file.

    The content goes into a file without a name where the system has such files, so that it vanishes with a process that
    is killed. Elsewhere, and in the instant between its naming and its renaming, an unfinished file can stay: the next
    writer of `path` removes it.

    Raises:
        OSError: the folder or the disk does not take it; the file is then as it was.
    """
    _remove_abandoned(path)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        with _named_when_written(unfinished, mode) as descriptor, os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
            file.flush()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _named_when_written(path: Path, mode: int) -> Iterator[int]:
    """Descriptor of a file that gets its name at the end of the block, or has it from the start."""
    nameless = _nameless(path.parent, mode)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode) if nameless is None else nameless
    try:
        yield descriptor
        if nameless is not None:
            _name(nameless, path)
    finally:
        os.close(descriptor)


def _name(descriptor: int, path: Path) -> None:
    """Give a file without a name this one; only beside a folder's descriptor does Python follow the link to it."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _nameless(folder: Path, mode: int) -> int | None:
    """Descriptor of a file without a name in the folder; None where there is no such thing."""
    if not hasattr(os, "O_TMPFILE") or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, mode)
    except OSError:
        return None


def _remove_abandoned(path: Path) -> None:
    for unfinished in path.parent.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            if time.time() - unfinished.stat().st_mtime > ABANDONED_SECONDS:
                unfinished.unlink()
