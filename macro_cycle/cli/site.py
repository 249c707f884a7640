"""`macro-cycle site`: the page as static files."""

from pathlib import Path
from typing import Annotated

import typer

from macro_cycle.cli.console import answers, as_typed, errors
from macro_cycle.cli.files import write_named
from macro_cycle.cli.platform import EachCycle, platforms
from macro_cycle.errors import MacroCycleError, UsageError

MARK = "assets/page.js"


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("site")(site)


def site(
    out: Annotated[Path, typer.Option(help="Folder to write: a new or empty one, or one written before.")],
    cycle: EachCycle = None,
) -> None:
    """Write the page as files that open from disk and can be put on any web server."""
    from macro_cycle.page.cycles import Cycles
    from macro_cycle.page.reading import contents
    from macro_cycle.page.site import site as files_of

    _refuse_a_folder_of_others(out)
    found = platforms(cycle)[0]
    found.warehouse.migrate()
    with errors.status("reading the record"):
        files = files_of([contents(each) for each in Cycles(found.installation).shown(cycle)])
    for name, content in files.items():
        _write(out / name, content)
    answers.print(f"wrote {len(files)} files; open {as_typed(out / 'index.html')}", highlight=False, soft_wrap=True)


def _refuse_a_folder_of_others(out: Path) -> None:
    """Raise where something lies that this command did not write."""
    try:
        if out.exists() and not out.is_dir():
            raise UsageError(f"cannot write {out}: it is a file")
        if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
            raise UsageError(f"cannot write {out}: other files lie in that folder; name a new one")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MacroCycleError(f"cannot write {path}: {error.strerror}") from None
    write_named(path, content)
