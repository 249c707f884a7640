"""The form of a backup: one line that says what the file is and what follows hashes to, then a zip.

    macro-cycle backup <scheme> <sha256 of all that follows>

Written beside its place and put there whole; read only after every byte was hashed. What is in it is not known here.
"""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from macro_cycle.errors import MacroCycleError

SCHEME = 1
_NAME = b"macro-cycle backup "
_LINE = "macro-cycle backup {scheme} {digest}\n"
_LONGEST = 128


@contextmanager
def written(path: Path) -> Iterator[ZipFile]:
    """A zip to fill; the file is at `path` once the block has ended, and is not if it failed.

    Raises:
        MacroCycleError: there is a file of that name, no such folder, or it cannot be written.
    """
    if path.exists():
        raise MacroCycleError(f"{path} exists; a backup is never written over a file")
    if not path.parent.is_dir():
        raise MacroCycleError(f"cannot write {path}: the folder {path.parent} does not exist")
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            _write_line(file, "0" * 64)
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                yield archive
            _write_line(file, _digest(file))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise MacroCycleError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """The zip of a backup that is whole.

    Raises:
        MacroCycleError: the file is missing, no backup, of a newer scheme, or damaged.
    """
    if not path.is_file():
        raise MacroCycleError(f"there is no file {path}")
    with path.open("rb") as file:
        scheme, digest = _read_line(path, file)
        if scheme > SCHEME:
            raise MacroCycleError(f"{path} was written by a newer release of macro-cycle; restore it with that one")
        if _digest(file) != digest:
            raise MacroCycleError(f"{path} is damaged: it does not have the checksum that it was written with")
        try:
            archive = ZipFile(file)
        except BadZipFile as error:
            raise MacroCycleError(f"{path} is damaged: {error}") from None
        with archive:
            yield archive


def _write_line(file: BinaryIO, digest: str) -> None:
    file.seek(0)
    file.write(_LINE.format(scheme=SCHEME, digest=digest).encode())


def _read_line(path: Path, file: BinaryIO) -> tuple[int, str]:
    line = file.readline(_LONGEST)
    words = line.removeprefix(_NAME).decode("ascii", "replace").split()
    if not line.startswith(_NAME) or not words or not words[0].isdecimal():
        raise MacroCycleError(f"{path} is not a backup of macro-cycle")
    return int(words[0]), words[-1]


def _digest(file: BinaryIO) -> str:
    """The hash of what follows the first line."""
    file.flush()
    file.seek(0)
    file.readline(_LONGEST)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
