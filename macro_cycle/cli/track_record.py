"""`macro-cycle evaluate` and `macro-cycle report`: how well the calls dated the cycle."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from macro_cycle.cli.console import answers, as_typed, errors, print_json, print_paragraph, print_table, table
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.platform.versions import content_version

PeersFlag = Annotated[
    bool, typer.Option("--peers", help="Score hmmlearn and statsmodels too, where installed (takes minutes).")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("evaluate")(evaluate)
    app.command("report")(report)


def evaluate(peers: PeersFlag = False, cycle: Cycle = DEFAULT, json: JsonFlag = False) -> None:
    """Score every call against the official chronology, beside rivals on the same data, and keep the result."""
    document, _, _ = _evaluated(peers, cycle)
    print_json(document) if json else _show(document)


def report(
    out: Annotated[Path, typer.Option(help="File to write: .html.")],
    peers: PeersFlag = False,
    cycle: Cycle = DEFAULT,
) -> None:
    """Write the track record as one HTML page that opens without a server."""
    from macro_cycle.evaluation.report import page

    refuse_unwritable(out, ".html")
    document, calls, chronology = _evaluated(peers, cycle)
    write_named(out, page(document, calls, chronology).encode())
    answers.print(
        f"wrote the track record of {len(calls)} month ends to {as_typed(out)}", highlight=False, soft_wrap=True
    )


def _evaluated(peers: bool, cycle: str) -> tuple[dict[str, Any], pd.DataFrame, Chronology]:
    from macro_cycle.evaluation.baselines import baselines
    from macro_cycle.evaluation.scoring import evaluate_calls

    found = platform(cycle)
    rivals = [rival for rival in baselines(found.catalog) if peers or rival.requires is None]
    with errors.status("scoring the calls and their rivals"):
        document, calls = evaluate_calls(found.warehouse, found.regimes, rivals, found.clock.today(), found.chronology)
    newest = calls.index[-1] + pd.offsets.MonthEnd(0)
    found.evaluations.append(newest.date(), content_version(calls), document)
    return document, calls, found.chronology


def _show(document: dict[str, Any]) -> None:
    title = f"Month ends {document['first_as_of']} to {document['last_as_of']}, scored as settled by {document['day']}"
    figures = ("months", "AUROC", "Brier", "false alarms", "called", "slowest")
    shown = table("", *figures, numbers=figures, flowing=["", "false alarms"])
    for row in document["figures"]:
        slowest = row["slowest_call"]
        shown.add_row(
            as_typed(row["title"]),
            str(row["months"]),
            _number(row["auroc"]),
            _number(row["brier"]),
            "" if row["false_alarms"] is None else f"{row['false_alarms']:.1%}",
            f"{row['called']} of {row['recessions']}",
            "" if slowest is None else f"{slowest:.0f} months",
        )
    print_table(title, shown)
    answers.print()
    before = f"Calls, and by how many days they came before the announcement of {document['authority']}"
    print_table(before, _recessions(document))
    changes = document["label_changes"]
    if changes["median"] is not None:
        print_paragraph(
            f"labels of months older than two years: median {changes['median']:.2%}, mean {changes['mean']:.2%} "
            f"changed from one month end to the next"
        )
    if document["repeated"]:
        print_paragraph(f"not counted: {document['repeated']} month ends without new data, whose answers are repeated")
    for line in document["left_out"]:
        errors.print(f"left out: {as_typed(line)}", highlight=False, soft_wrap=True)


def _recessions(document: dict[str, Any]) -> Table:
    shown = table("recession", "begin called", "ahead", "end called", "ahead", numbers=["ahead"])
    for row in document["recessions"]:
        cells = [row[f"{what}_{which}"] for what in ("begin", "end") for which in ("called", "days_ahead")]
        months = f"{row['first_month']} to {row['last_month']}"
        shown.add_row(months, *("" if cell is None else str(cell) for cell in cells))
    return shown


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
