"""`macro-cycle backup` and `macro-cycle restore`: a home in one file, and a home out of it."""

from pathlib import Path
from typing import Annotated

import typer

from macro_cycle.cli.console import answers, as_typed, errors
from macro_cycle.cli.platform import refuse_other_settings
from macro_cycle.platform.settings import read_settings

File = Annotated[Path, typer.Argument(help="The backup.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(file: File) -> None:
    """Write everything to one file: the database, panels, MLflow's artifacts and what the model server serves."""
    from macro_cycle.stack.backup import backup as write

    settings = read_settings()
    refuse_other_settings(settings)
    with errors.status(f"backing up {settings.home}"):
        contents = write(settings, file.absolute())
    size = f"{file.stat().st_size / 1e6:.1f} MB"
    answers.print(as_typed(f"wrote {file} ({size}): {contents.text}"), soft_wrap=True)
    if settings.data.panel_path and "://" in settings.data.panel_path:
        errors.print("panels lie in an object store and are not in it", markup=False)


def restore(file: File) -> None:
    """Make a fresh home from a backup, on any path: set MACRO_CYCLE_HOME to where it shall be."""
    from macro_cycle.stack.backup import restore as read

    settings = read_settings()
    with errors.status(f"restoring {settings.home}"):
        contents = read(settings, file.absolute())
    answers.print(as_typed(f"restored {settings.home}: {contents.text}"), soft_wrap=True)
    errors.print("`macro-cycle up` starts it; `macro-cycle replay --as-of DAY` shows that its answers hold")
