"""`macro-cycle import`: histories from files into the warehouse."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from macro_cycle.cli.console import answers, as_typed, print_json, print_warnings, progress_bar
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.observations.examination import foreseen, listed, refuse_impossible
from macro_cycle.sources.factory import open_file
from macro_cycle.warehouse import IngestReport
from macro_cycle.warehouse.batches import in_batches


class Kind(StrEnum):
    """What a file can be."""

    fred_md = "fred_md"
    alfred = "alfred"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("import")(import_command)


def import_command(
    path: Annotated[
        Path, typer.Argument(help="Folder of FRED-MD vintages, one of them, or a file in ALFRED's layout.")
    ],
    kind: Annotated[Kind | None, typer.Option(help="What PATH is (default: told by its names and columns).")] = None,
    series_ids: Annotated[list[str] | None, typer.Option(help="Only this series; repeat for more.")] = None,
    cycle: Cycle = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Merge the histories of a folder or file into the warehouse.

    Everything is read and checked before anything is written. The values are then written in the order in which they
    became known, batch by batch; an import that was stopped goes on when it is started again.
    """
    found = platform(cycle)
    catalog, store = found.catalog, found.warehouse
    report = IngestReport(0, 0, 0)
    with store.exclusively() as ingest:
        with progress_bar("reading") as progress:
            source = open_file(path, catalog, None if kind is None else kind.value, progress, store.facts)
            wanted = series_ids or source.available()
            facts = source.observations(wanted)
            refuse_impossible(facts, catalog, str(path))
            parts = in_batches(facts, store.newest_fact(source.available()))
        with progress_bar("merging") as progress:
            for done, part in enumerate(parts, start=1):
                report += ingest(part, source=source.name)
                progress(done, len(parts))
    summary = {
        "path": str(path),
        "source": source.name,
        "series": len(wanted),
        **asdict(report),
        "unchanged": report.unchanged,
        "skipped": list(getattr(source, "skipped", [])),
        "warnings": foreseen(facts),
    }
    print_warnings(summary["warnings"])
    print_json(summary) if json else _show(summary)


def _show(summary: dict[str, Any]) -> None:
    done = f"{summary['series']} series; {summary['inserted']} values new, {summary['revised']} revised"
    answers.print(f"{as_typed(summary['path'])}: {done}", highlight=False, soft_wrap=True)
    if skipped := summary["skipped"]:
        names = as_typed(listed(skipped))
        answers.print(f"skipped, for their names are no YYYY-MM.csv: {names}", highlight=False, soft_wrap=True)
