"""`macro-cycle export`: calls, regimes, features and news as Parquet or CSV."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from macro_cycle.cli.console import answers, as_typed
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cli.platform import month_end, platform

Month = Annotated[str | None, typer.Option(help="Month end to export, YYYY-MM (default: the newest stored).")]


class Table(StrEnum):
    """What can be exported."""

    calls = "calls"
    regimes = "regimes"
    features = "features"
    news = "news"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("export")(export)


def export(
    table: Annotated[
        Table,
        typer.Argument(
            help="calls: one answer per month end; regimes: all months as seen at one month end; features: the panel; "
            "news: why the calls moved."
        ),
    ],
    out: Annotated[Path, typer.Option(help="File to write: .parquet or .csv.")],
    as_of: Month = None,
) -> None:
    """Write stored calls, regimes, features or news to a file."""
    write = _writer(out)
    frame = _read(table, as_of)
    write(frame)
    answers.print(f"wrote {len(frame)} rows to {as_typed(out)}", highlight=False, soft_wrap=True)


def _writer(out: Path) -> Callable[[pd.DataFrame], None]:
    refuse_unwritable(out, ".parquet", ".csv")

    def write(frame: pd.DataFrame) -> None:
        content = frame.to_csv(index=False).encode() if out.suffix == ".csv" else frame.to_parquet(index=False)
        write_named(out, content)

    return write


def _read(table: Table, month: str | None) -> pd.DataFrame:
    found = platform()
    end = month_end(month, found)
    if table in (Table.calls, Table.news):
        rows = found.regimes.calls() if table is Table.calls else found.news.parts()
        return rows if month is None else rows[rows["as_of"] == end]
    if table is Table.features:
        return found.panels.read(end.strftime("%Y-%m-01")).reset_index()
    return found.regimes.load(end.date()).reset_index()
