"""Where the commands print: answers on standard output, everything else on standard error."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

answers = Console()
errors = Console(stderr=True)


@contextmanager
def progress_bar(doing: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for something long; what it yields is told how much is done, and of how much."""
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_json(payload: Any) -> None:
    """One JSON document for programs; dates in ISO format, and nothing that JSON cannot say."""
    print(json.dumps(payload, default=str, allow_nan=False))
