"""Where the commands print: answers on standard output, everything else on standard error."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from macro_cycle.errors import printable

answers = Console()
errors = Console(stderr=True)


def as_typed(content: object) -> str:
    """Text from outside for a console: brackets are no markup, and what is no printable character is shown escaped."""
    return escape(printable(content))


def print_error(message: object) -> None:
    """One line on standard error."""
    errors.print(f"[bold red]error:[/] {as_typed(message)}", highlight=False, soft_wrap=True)


def print_warnings(messages: Iterable[str]) -> None:
    """A line on standard error for each."""
    for message in messages:
        errors.print(f"[yellow]warning:[/] {as_typed(message)}", highlight=False, soft_wrap=True)


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
