"""Where the commands print: answers on standard output, everything else on standard error."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from macro_cycle.errors import printable

answers = Console()
errors = Console(stderr=True)


def as_typed(content: object) -> str:
    """Text from outside for a console: brackets are no markup, and what is no printable character is shown escaped."""
    return escape(printable(content))


def table(*columns: str, numbers: Collection[str] = (), flowing: Collection[str] = (), header: bool = True) -> Table:
    """An empty table in the one style of all commands: no lines, numbers to the right, nothing cut off.

    Columns keep their width, so that ids and days stand in one line; those named in `flowing` take what is left of the
    terminal, and their text goes on in the next line.
    """
    made = Table(box=None, padding=(0, 2, 0, 0), show_header=header, pad_edge=False)
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column not in flowing,
            overflow="fold",
        )
    return made


def in_lines(items: Sequence[str], width: int = 54) -> str:
    """Items after each other, with commas, in lines of at most so many characters; none is broken."""
    lines = [""]
    for place, item in enumerate(items):
        said = item + ("," if place + 1 < len(items) else "")
        if lines[-1] and len(lines[-1]) + 1 + len(said) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {said}".lstrip()
    return "\n".join(lines)


def number(value: float) -> str:
    """A published value: six digits, or all of a large one."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def print_table(title: str, shown: Table) -> None:
    """A table under its title."""
    answers.print(Text(title, style="bold"), highlight=False)
    answers.print(shown, highlight=False)


def print_paragraph(markup: str, indent: int = 0) -> None:
    """A paragraph of marked-up text that goes on in the next line where the terminal ends, long words folded."""
    answers.print(Padding(Text.from_markup(markup, overflow="fold"), (0, 0, 0, indent)), highlight=False)


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
