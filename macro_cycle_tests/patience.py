"""How long a test waits for what must come: one number, far beyond what a busy machine takes, as waiting is free.

A limit that belongs to what is tested (an answer within two seconds) is that test's own and does not belong here.
"""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 300.0

Found = TypeVar("Found")


def wait_until(condition: Callable[[], Found], late: str = "the condition did not come true in time") -> Found:
    """What the condition gives, once that holds; fails with `late` when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, late
        time.sleep(0.05)
    return found
