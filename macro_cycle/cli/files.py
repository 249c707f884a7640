"""Files that a person asks a command to write."""

from pathlib import Path

from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.platform.files import write_whole


def refuse_unwritable(out: Path, *suffixes: str) -> None:
    """Raise `UsageError` if the name has none of the suffixes, is taken by a folder, or its folder does not exist."""
    if out.suffix not in suffixes:
        raise UsageError(f"cannot write {out}: the name must end in {' or '.join(suffixes)}")
    try:
        taken, inside = out.is_dir(), out.parent.is_dir()
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    if taken:
        raise UsageError(f"cannot write {out}: it is a folder")
    if not inside:
        raise UsageError(f"cannot write {out}: the folder {out.parent} does not exist")


def write_named(out: Path, content: bytes) -> None:
    """Write the file whole.

    Raises:
        MacroCycleError: the folder or the disk does not take it.
    """
    try:
        write_whole(out, content)
    except OSError as error:
        raise MacroCycleError(f"cannot write {out}: {error.strerror}") from None
