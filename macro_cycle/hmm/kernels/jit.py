"""How kernels are compiled: without the interpreter lock, cached on disk, fused multiply-add but no reordering of sums.

Sums keep their order, so a lane's result does not depend on its neighbours or on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

FAST = {"contract", "nsz", "arcp"}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile at first call and keep the machine code in numba's cache (NUMBA_CACHE_DIR, beside the file, or the user's)."""
    try:
        return njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")(function)
    except RuntimeError:  # no writable place for the cache anywhere: compile in each process
        return njit(nogil=True, fastmath=FAST, error_model="numpy")(function)
