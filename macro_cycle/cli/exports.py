"""`macro-cycle export`: calls, regimes, features and news as Parquet or CSV."""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from macro_cycle.cli.console import answers
from macro_cycle.cli.platform import month_end, platform
from macro_cycle.errors import MacroCycleError

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
    answers.print(f"wrote {len(frame)} rows to {out}")


def _writer(out: Path) -> Callable[[pd.DataFrame], None]:
    if out.suffix not in (".parquet", ".csv"):
        raise MacroCycleError(f"cannot write {out}: the name must end in .parquet or .csv")
    if not out.parent.is_dir():
        raise MacroCycleError(f"cannot write {out}: the folder {out.parent} does not exist")

    def write(frame: pd.DataFrame) -> None:
        scratch = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            if out.suffix == ".csv":
                frame.to_csv(scratch, index=False, encoding="utf-8")
            else:
                frame.to_parquet(scratch, index=False)
            scratch.replace(out)
        except OSError as error:
            raise MacroCycleError(f"cannot write {out}: {error.strerror}") from None
        finally:
            scratch.unlink(missing_ok=True)

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
