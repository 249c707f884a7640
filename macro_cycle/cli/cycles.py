"""`macro-cycle cycles`: the definitions that there are, whether they hold, and the beginning of a new one."""

from pathlib import Path
from typing import Annotated

import typer

from macro_cycle.cli.console import answers, as_typed, print_error, print_json, table
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cycles import library
from macro_cycle.cycles.naming import endpoint_of, settings_of
from macro_cycle.cycles.scaffold import scaffold
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import read_settings
from macro_cycle.resources.platform import Platform

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]

SHOWN = ("cycle", "title", "source", "series", "first_month", "endpoint")

app = typer.Typer(help="The cycles that there are: list, check, new.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the commands of this file."""
    parent.add_typer(app, name="cycles")


@app.command("list")
def list_cycles(json: JsonFlag = False) -> None:
    """Show every cycle: what it is of, its source, series, first month and endpoint."""
    settings = read_settings()
    rows = [
        {
            "cycle": each.code,
            "title": each.title,
            "economy": each.economy,
            "source": settings_of(settings, each).data.source,
            "series": len(each.features.series_ids),
            "regimes": each.hmm_config(settings.model).n_regimes,
            "first_month": f"{settings_of(settings, each).data.first_partition:%Y-%m}",
            "endpoint": endpoint_of(settings, each),
        }
        for each in library(settings).found.values()
    ]
    if json:
        print_json(rows)
        return
    shown = table(*(name.replace("_", " ") for name in SHOWN), numbers=["series"], flowing=["title", "endpoint"])
    for row in rows:
        shown.add_row(*(as_typed(row[name]) for name in SHOWN))
    answers.print(shown, highlight=False)


@app.command()
def check() -> None:
    """Read every definition, and its source's series; exit code 1 and a line for each that cannot be used."""
    settings = read_settings()
    found = library(settings)
    wrong = dict(found.broken)
    for definition in found.found.values():
        platform = Platform(settings, definition)
        try:
            missing = sorted(set(platform.features.series_ids) - set(platform.known_source().available()))
        except MacroCycleError as error:
            wrong[definition.code] = f"{definition.code}: its source cannot be read: {error}"
            continue
        if missing:
            name = platform.settings.data.source
            wrong[definition.code] = f"{definition.code}: its source ({name}) lacks {', '.join(missing)}"
        else:
            answers.print(f"{definition.code}: in order", highlight=False)
    for reason in wrong.values():
        print_error(reason)
    if wrong:
        raise typer.Exit(1)


@app.command()
def new(
    code: Annotated[str, typer.Argument(help="Code of the new cycle: small letters, digits and _.")],
    series: Annotated[list[str], typer.Option(help="Series of its source, one or more.")],
    context: typer.Context = None,  # type: ignore[assignment]
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder for CODE.yaml, made if it is not there (default: MACRO_CYCLE_CYCLES_PATH)."),
    ] = None,
) -> None:
    """Begin a definition from series ids, with a comment at each key that is to be thought about."""
    settings = read_settings()
    place = folder or settings.cycles_path
    if place is None:
        raise UsageError("say where: --folder FOLDER, or set MACRO_CYCLE_CYCLES_PATH")
    file = place / f"{code}.yaml"
    if file.exists():
        raise MacroCycleError(f"{file} exists; edit it, or delete it first")
    text = scaffold(code, [*series, *context.args], Catalog.load(settings.data.catalog_path))
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MacroCycleError(f"cannot make the folder {place}: {error.strerror}") from None
    refuse_unwritable(file, ".yaml")
    write_named(file, text.encode())
    answers.print(as_typed(f"wrote {file}; edit it, then `macro-cycle cycles check`"), highlight=False, soft_wrap=True)


new_command = next(command for command in app.registered_commands if command.callback is new)
new_command.context_settings = {"allow_extra_args": True}
