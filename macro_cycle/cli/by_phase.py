"""`macro-cycle by-phase`: a series of one's own by phase, as known at the time and with hindsight."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from macro_cycle.cli.console import answers, as_typed, print_json, print_table, print_warnings, table
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import printable
from macro_cycle.evaluation.by_phase import ByPhase, Moments
from macro_cycle.platform.months import key_of
from macro_cycle.records import Answer
from macro_cycle.resources.platform import Platform

SMOOTHED = "smoothed_"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("by-phase")(by_phase_command)


def by_phase_command(
    file: Annotated[Path, typer.Argument(help="CSV: a column of dates and one of numbers, daily to quarterly.")],
    column: Annotated[str | None, typer.Option(help="The values, where the file has several columns.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw it into this file: .svg or .png.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    cycle: Cycle = DEFAULT,
) -> None:
    """Mean, spread and number of your values in each phase: as it was known at the time, and with hindsight."""
    from macro_cycle.evaluation.by_phase import by_phase, phases_of
    from macro_cycle.sources.own_series import read_own_series

    if chart is not None:
        refuse_unwritable(chart, ".svg", ".png")
    values = read_own_series(file, column)
    found = platform(cycle)
    calls, smoothed = found.regimes.calls(), _smoothed(found)
    phases = phases_of(values, calls.set_index("as_of")["label"], smoothed)
    result = by_phase(str(values.name), phases, tuple(map(str, smoothed)))
    if chart is not None:
        write_named(chart, _drawn(result, phases, chart.suffix))
    rests_on = _rests_on(found, calls)
    print_json({**result.to_document(), "rests_on": rests_on}) if json else _show(result, rests_on, chart)


def _smoothed(found: Platform) -> pd.DataFrame:
    """Probabilities of each reference month as the newest answer sees them, a column a label."""
    newest = found.regimes.newest()
    if newest is None:
        found.regimes.calls()  # says in one line that there are none
    frame = found.regimes.load(newest)  # type: ignore[arg-type]
    return frame.filter(like=SMOOTHED).rename(columns=lambda name: str(name).removeprefix(SMOOTHED))


def _rests_on(found: Platform, calls: pd.DataFrame) -> str:
    """The kind of history behind what was known at the time."""
    from macro_cycle.observations import Provenance

    records = found.records.load("regime_labels", Answer, [key_of(day) for day in calls["as_of"].dt.date])
    return Provenance.average(r.provenance for r in records.values() if r.provenance is not None).in_words


def _drawn(result: ByPhase, phases: pd.DataFrame, suffix: str) -> bytes:
    import io

    from macro_cycle.assets.charts import COLORS
    from macro_cycle.evaluation.by_phase_chart import figure

    drawn = io.BytesIO()
    figure(result, phases, COLORS).savefig(drawn, format=suffix.removeprefix("."), dpi=150)
    return drawn.getvalue()


def _show(result: ByPhase, rests_on: str, chart: Path | None) -> None:
    from macro_cycle.evaluation.by_phase_chart import lines

    numbers = ("values", "episodes", "mean", "spread", "difference")
    shown = table("phase", "seen", *numbers, numbers=numbers)
    for row in result.rows:
        shown.add_row(row.phase, "known", *_cells(row.known))
        shown.add_row("", "hindsight", *_cells(row.hindsight), _number(row.difference, "+"))
    print_table(printable(f"{result.name}, {result.frequency}, {result.first} to {result.last}"), shown)
    answers.print()
    for phase, way, drawn in lines(result):
        answers.print(f"{phase if way == 'known' else '':12}{way:10} {drawn}", highlight=False)
    answers.print()
    answers.print(
        f"known: the phase that stood answered then; hindsight: as the newest answer sees it. They agree on "
        f"{result.agree:.0%} of the values.",
        highlight=False,
    )
    if result.left_out:
        answers.print(f"{result.left_out} values have no phase on record and are left out.", highlight=False)
    answers.print(f"What was known rests on {rests_on.replace(' %', '%')}.", highlight=False)
    if chart is not None:
        answers.print(f"drawn into {as_typed(chart)}", highlight=False, soft_wrap=True)
    print_warnings(result.warnings)


def _cells(moments: Moments) -> tuple[str, ...]:
    return str(moments.values), str(moments.episodes), _number(moments.mean), _number(moments.spread)


def _number(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.4g}"
