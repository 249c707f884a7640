"""`macro-cycle import`: histories from files into the warehouse."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from macro_cycle.cli.console import answers, print_json, progress_bar
from macro_cycle.cli.platform import platform
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
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Merge the histories of a folder or file into the warehouse.

    Everything is read and checked before anything is written. The values are then written in the order in which they
    became known, batch by batch; an import that was stopped goes on when it is started again.
    """
    found = platform()
    catalog, store = found.catalog, found.warehouse
    report = IngestReport(0, 0, 0)
    with store.exclusively() as ingest:
        with progress_bar("reading") as progress:
            source = open_file(path, catalog, None if kind is None else kind.value, progress, store.facts)
            wanted = series_ids or source.available()
            parts = in_batches(source.observations(wanted), store.newest_fact(source.available()))
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
    }
    print_json(summary) if json else _show(summary)


def _show(summary: dict[str, Any]) -> None:
    answers.print(
        f"{summary['path']}: {summary['series']} series; "
        f"{summary['inserted']} values new, {summary['revised']} revised",
        highlight=False,
        soft_wrap=True,
    )
