"""`macro-cycle export`: calls, regimes, features and news as Parquet or CSV."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from macro_cycle.cli.as_of import month_end
from macro_cycle.cli.console import answers, as_typed
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.observations.provenance import KINDS
from macro_cycle.platform.months import key_of
from macro_cycle.records import Answer, Declared
from macro_cycle.resources.platform import Platform

When = Annotated[
    str | None,
    typer.Option(
        help="What stood on this day, YYYY-MM-DD, or at the end of this month, YYYY-MM (default: the newest stored)."
    ),
]


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
    as_of: When = None,
    cycle: Cycle = DEFAULT,
) -> None:
    """Write stored calls, regimes, features or news to a file."""
    write = _writer(out)
    frame = _read(table, as_of, cycle)
    write(frame)
    answers.print(f"wrote {len(frame)} rows to {as_typed(out)}", highlight=False, soft_wrap=True)


def _writer(out: Path) -> Callable[[pd.DataFrame], None]:
    refuse_unwritable(out, ".parquet", ".csv")

    def write(frame: pd.DataFrame) -> None:
        content = frame.to_csv(index=False).encode() if out.suffix == ".csv" else frame.to_parquet(index=False)
        write_named(out, content)

    return write


def _read(table: Table, as_of: str | None, cycle: str) -> pd.DataFrame:
    found = platform(cycle)
    end = month_end(as_of, found)
    if table in (Table.calls, Table.news):
        rows = _calls(found) if table is Table.calls else found.news.parts()
        return rows if as_of is None else rows[rows["as_of"] == end]
    if table is Table.features:
        return found.panels.read(end.strftime("%Y-%m-01")).reset_index()
    return found.regimes.load(end.date()).reset_index()


def _calls(found: Platform) -> pd.DataFrame:
    """The calls with the history's kind, the phase declared then, forecast and phases: empty where not kept."""
    calls = found.regimes.calls()
    months = [key_of(day) for day in calls["as_of"].dt.date]
    answers = found.records.load("regime_labels", Answer, months)
    declared = found.records.load("declared_phase", Declared, months)
    rows = []
    for month, version in zip(months, calls["data_version"], strict=True):
        answer = answers.get(month)
        kept = answer if answer is not None and answer.version == version else None
        said = {**kept.foreseen, **_phases(kept.phases)} if kept else {}
        rows.append({**_history(kept), **_declared(declared.get(month)), **said})
    columns = [*BESIDE, *(f"phase_{name.removeprefix('p_')}" for name in map(str, calls) if name.startswith("p_"))]
    return calls.join(pd.DataFrame(rows, columns=columns, index=calls.index))


BESIDE = [
    *("history", *(f"share_{kind}" for kind in KINDS)),
    *("declared_phase", "declared_on", "declared_about"),
    *("band_low", "band_high", *(f"recession_within_{months}" for months in (3, 6, 12)), "months_to_exit"),
]


def _history(answer: Answer | None) -> dict[str, str | float | None]:
    """The kind of history that the answer rests on, and the share of each kind."""
    if answer is None or answer.provenance is None:
        return {}
    shares = {f"share_{kind}": getattr(answer.provenance, kind) for kind in KINDS}
    return {"history": answer.provenance.kind, **shares}


def _phases(phases: Mapping[str, float]) -> dict[str, float]:
    """The phases' probabilities by column, one beside each `p_<label>`."""
    return {f"phase_{label.lower()}": p for label, p in phases.items()}


def _declared(declared: Declared | None) -> dict[str, pd.Timestamp | str]:
    """The declared phase as it stood at the month end; days are days, as in the calls."""
    if declared is None:
        return {}
    days = {"declared_on": declared.declared_on, "declared_about": declared.about}
    return {"declared_phase": declared.phase, **{name: pd.Timestamp(day) for name, day in days.items() if day}}
