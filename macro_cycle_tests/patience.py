"""How long a test waits for what must come: one number, far beyond what a busy machine takes, as waiting is free.

A limit that belongs to what is tested (an answer within two seconds) is that test's own and does not belong here.
"""

import time
from collections.abc import Callable

PATIENCE = 300.0


def wait_until(condition: Callable[[], object], late: str = "the condition did not come true in time") -> None:
    """Return once the condition holds; fails with `late` when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, late
        time.sleep(0.05)
