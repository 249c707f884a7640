"""`macro-cycle evaluate` and `macro-cycle report`: how well the answers dated the cycle."""

from pathlib import Path
from typing import Annotated

import typer

from macro_cycle.cli.console import answers, as_typed, print_json
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cli.platform import Cycle
from macro_cycle.cycles import DEFAULT

RivalsFlag = Annotated[
    bool, typer.Option("--rivals", help="Ask every rival, on each day of news to it (takes minutes).")
]
Vacancies = Annotated[
    str | None, typer.Option(help="Series of the vacancy rate in percent, for the Michez rule; with --rivals.")
]
Against = Annotated[
    list[Path] | None,
    typer.Option(help="CSV of a rival's probabilities: months, then a column for each; repeatable.", exists=True),
]
Vintages = Annotated[
    Path | None,
    typer.Option(help="Folder of FRED-MD vintages to walk forward on, in place of the calls on file.", exists=True),
]
Every = Annotated[int, typer.Option(min=1, max=60, help="With --vintages: months between re-estimations.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("evaluate")(evaluate)
    app.command("report")(report)


def evaluate(
    rivals: RivalsFlag = False,
    vacancies: Vacancies = None,
    against: Against = None,
    vintages: Vintages = None,
    every: Every = 1,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Score every answer against the official chronology, beside rivals on the same data, and keep the result."""
    from macro_cycle.cli.evaluated import Asked, evaluated
    from macro_cycle.cli.scores import show

    _, found = evaluated(Asked(rivals, vacancies, tuple(against or ()), vintages, every), cycle)
    print_json(found.document) if json else show(found.document)


def report(
    out: Annotated[Path, typer.Option(help="File to write: .html.")],
    rivals: RivalsFlag = False,
    vacancies: Vacancies = None,
    against: Against = None,
    vintages: Vintages = None,
    every: Every = 1,
    cycle: Cycle = DEFAULT,
) -> None:
    """Write the track record as one HTML page that opens without a server."""
    from macro_cycle.cli.evaluated import Asked, evaluated
    from macro_cycle.cli.present import present_answer
    from macro_cycle.evaluation.report import page

    refuse_unwritable(out, ".html")
    platform, found = evaluated(Asked(rivals, vacancies, tuple(against or ()), vintages, every), cycle)
    present = None if vintages else present_answer(platform, found)
    write_named(out, page(found, platform.definition.title, platform.chronology, present).encode())
    answers.print(
        f"wrote the track record of {len(found.calls)} month ends to {as_typed(out)}", highlight=False, soft_wrap=True
    )
