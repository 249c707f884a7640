"""How kernels are compiled: no interpreter lock, cached on disk, fused multiply-add, no reordering of sums.

Sums keep their order, so a lane's result depends neither on its neighbours nor on the number of threads.
The cache lies in a directory named after the kernels' sources, since numba alone does not notice a change
in a kernel that another file's kernel calls: NUMBA_CACHE_DIR if set, else beside this file, else the user's
cache, else the temporary directory.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba import config, njit

if TYPE_CHECKING:
    from collections.abc import Iterator

FAST = {"contract", "nsz", "arcp"}
HERE = Path(__file__).parent


def kernel(function: Callable[..., Any]) -> Any:
    """Compile at the first call of each signature, once per machine and version of the kernels."""
    with _caching_in(cache_directory()):
        return njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")(function)


@cache
def cache_directory() -> Path:
    """A writable directory of compiled kernels for exactly these sources."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))).hexdigest()[:16]
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    candidates = [Path(chosen)] if chosen else [HERE / "__pycache__", Path(user).expanduser() / "macro_cycle"]
    for candidate in candidates:
        if _writable(directory := candidate / f"kernels-{digest}"):
            return directory
    return Path(tempfile.mkdtemp(prefix="macro-cycle-kernels-"))


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


@contextmanager
def _caching_in(directory: Path) -> Iterator[None]:
    before = config.CACHE_DIR
    config.CACHE_DIR = str(directory)
    try:
        yield
    finally:
        config.CACHE_DIR = before
