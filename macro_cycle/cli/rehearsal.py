"""`macro-cycle rehearse`: past months lived through release by release by the running platform."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from macro_cycle.cli.console import answers, as_typed, errors, print_json
from macro_cycle.cli.platform import Cycle
from macro_cycle.cli.runs import MONTHLY_ASSETS
from macro_cycle.cycles import DEFAULT, CycleDefinition, library
from macro_cycle.cycles.naming import settings_of
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import Settings, read_settings

if TYPE_CHECKING:
    from macro_cycle.stack.rehearsal import Step


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("rehearse")(rehearse)


def rehearse(
    year: Annotated[int | None, typer.Option(help="A whole year.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First month, YYYY-MM.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last month, YYYY-MM.")] = None,
    home: Annotated[Path | None, typer.Option(help="Keep the state here (default: deleted afterwards).")] = None,
    cycle: Cycle = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Live through past months release by release on a stack of its own, and print what the platform did on each day.

    The source shows what had been published by the day; nothing of the stack that people use is touched.
    """
    settings = read_settings()
    definition = library(settings)[cycle]
    months = _months(Clock.of(settings_of(settings, definition)), year, start, end)
    with tempfile.TemporaryDirectory() as scratch:
        steps = _live(settings, definition, months, home or Path(scratch), quiet=json)
    print_json([_document(step) for step in steps]) if json else _show_summary(steps)


def _months(clock: Clock, year: int | None, start: str | None, end: str | None) -> list[str]:
    if year is not None and start is None and end is None:
        return clock.month_range(f"{year}-01", f"{year}-12")
    if year is None and start is not None:
        return clock.month_range(start, end or start)
    raise UsageError("say which months: --year YYYY, or --from YYYY-MM and --to YYYY-MM")


def _live(
    present: Settings, definition: CycleDefinition, months: Sequence[str], home: Path, *, quiet: bool
) -> list["Step"]:
    from dagster import DagsterInstance

    from macro_cycle.stack.isolated import isolated_stack
    from macro_cycle.stack.rehearsal import live_through, releases, set_day, until_quiet
    from macro_cycle.stack.services import dagster_home

    first, last = pd.Timestamp(months[0]), as_of_day(months[-1])
    days = releases(present, definition, first, last)
    if not days:
        raise MacroCycleError(f"the source published nothing from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    today_file, began = home / "today", datetime.now(UTC)
    home.mkdir(parents=True, exist_ok=True)
    set_day(today_file, first - pd.Timedelta(days=1))
    errors.print(
        f"{len(days)} days with releases; starting as of {first - pd.Timedelta(days=1):%Y-%m-%d} in {as_typed(home)}"
    )
    steps = []
    with (
        isolated_stack(home, TODAY_FILE=str(today_file), DAGSTER__POLL_SECONDS="1", CYCLES=definition.code) as settings,
        DagsterInstance.from_config(str(dagster_home(settings))) as instance,
    ):
        until_quiet(settings, definition, instance, began)
        for step in live_through(settings, definition, instance, days):
            steps.append(step)
            if not quiet:
                _show(step)
    return steps


def _show(step: "Step") -> None:
    answers.print(f"[bold]{step.day:%Y-%m-%d}[/]  {as_typed(', '.join(step.series))}", highlight=False, soft_wrap=True)
    for run in step.runs:
        answers.print(
            f"  {run.status.lower():9} {run.month[:7]}  {', '.join(_in_order(run.assets))}",
            highlight=False,
            soft_wrap=True,
        )
    if skipped := _skipped(step):
        answers.print(f"  skipped   {', '.join(skipped)}", highlight=False, soft_wrap=True)
    if step.verdict is not None:
        answers.print(
            f"  verdict   {as_typed(step.verdict)}: {as_typed(step.reasons or '')}", highlight=False, soft_wrap=True
        )
    answers.print(
        f"  endpoint  {as_typed(_said(step.answer))}  ({step.seconds:.0f} s)", highlight=False, soft_wrap=True
    )


def _said(answer: dict[str, Any] | None) -> str:
    if answer is None:
        return "nothing serves yet"
    probability = answer["recession_probability"]
    return f"{answer['label']}, recession probability {probability:.1%}, model {answer['model_version']}"


def _skipped(step: "Step") -> list[str]:
    return [asset for asset in MONTHLY_ASSETS if asset not in step.ran]


def _in_order(assets: Sequence[str]) -> list[str]:
    """The way of the data, then whatever is not on it."""
    return [a for a in MONTHLY_ASSETS if a in assets] + [a for a in assets if a not in MONTHLY_ASSETS]


def _show_summary(steps: Sequence["Step"]) -> None:
    verdicts = Counter(step.verdict or "nothing to judge" for step in steps)
    failed = sum(run.status != "SUCCESS" for step in steps for run in step.runs)
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    runs = sum(len(step.runs) for step in steps)
    answers.print(f"{len(steps)} days with releases, {runs} runs, {failed} failed; verdicts: {counted}", soft_wrap=True)


def _document(step: "Step") -> dict[str, Any]:
    return {**asdict(step), "day": f"{step.day:%Y-%m-%d}", "ran": step.ran, "skipped": _skipped(step)}
