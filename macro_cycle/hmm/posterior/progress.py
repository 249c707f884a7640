"""How far an inference is: told to whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Takes the number of steps that are done, and of how many."""


def untold(done: int, of: int) -> None:
    """For callers that do not wait."""
