"""The application: its commands, and how errors meet a person."""

import io
import sys

import typer

from macro_cycle import __version__
from macro_cycle.cli import (
    backups,
    decisions,
    exports,
    history,
    imports,
    pipeline,
    rehearsal,
    series,
    services,
    track_record,
    training,
)
from macro_cycle.cli.console import errors, print_error
from macro_cycle.errors import MacroCycleError

app = typer.Typer(
    name="macro-cycle",
    help="Dates the business cycle in real time. Start with `macro-cycle up` and `macro-cycle run`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Options before the command."""


services.register(app)
pipeline.register(app)
decisions.register(app)
training.register(app)
exports.register(app)
imports.register(app)
history.register(app)
track_record.register(app)
series.register(app)
rehearsal.register(app)
backups.register(app)


def main() -> None:
    """Entry point: an error meant for people is one line on standard error and exit code 1."""
    _speak_utf8()
    try:
        app()
    except MacroCycleError as error:
        print_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("interrupted")
        sys.exit(130)


def _speak_utf8() -> None:
    """Standard output and error in UTF-8, whatever the locale; a stream that is no text file stays as it is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
