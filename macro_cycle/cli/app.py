"""The application: its commands, and how errors meet a person."""

import io
import os
import sys

import typer

from macro_cycle import __version__
from macro_cycle.cli import (
    agents,
    ahead,
    alerts,
    backups,
    by_phase,
    comparing,
    cycles,
    decisions,
    exports,
    history,
    imports,
    pipeline,
    rehearsal,
    series,
    services,
    site,
    track_record,
    training,
    verify,
)
from macro_cycle.cli.console import errors, print_error
from macro_cycle.errors import MacroCycleError, UsageError

app = typer.Typer(
    name="macro-cycle",
    help="Dates the business cycle in real time. Start with `macro-cycle up` and `macro-cycle run`.",
    no_args_is_help=True,
    add_completion=True,
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
ahead.register(app)
agents.register(app)
track_record.register(app)
comparing.register(app)
series.register(app)
rehearsal.register(app)
cycles.register(app)
site.register(app)
backups.register(app)
verify.register(app)
alerts.register(app)
by_phase.register(app)


def main() -> None:
    """Entry point: an error meant for people is one line on standard error; exit code 2 for wrong usage, else 1.

    A fault of the program itself keeps its traceback.
    """
    _speak_utf8()
    sys.exit(_run())


def _run() -> int:
    try:
        code = app(prog_name=app.info.name, standalone_mode=False) or 0
        sys.stdout.flush()  # what the disk or the reader does not take is known here
        return code
    except typer.TyperException as error:
        return _misused(error)
    except UsageError as error:
        print_error(error)
        return 2
    except MacroCycleError as error:
        print_error(error)
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a disk that is full, a folder that is not ours
        print_error(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error)
    except (KeyboardInterrupt, typer.Abort):
        errors.print("interrupted")
        return 130
    return 1


def _misused(error: typer.TyperException) -> int:
    """Say in one line what of the command line cannot be meant; nothing where the help was shown instead."""
    if message := " ".join(error.format_message().split()):
        context = getattr(error, "ctx", None)
        asked = context.command_path if context else app.info.name
        print_error(f"{message.rstrip('.')}; see `{asked} --help`")
    return error.exit_code


def _speak_utf8() -> None:
    """Standard output and error in UTF-8, whatever the locale; a stream that is no text file stays as it is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
