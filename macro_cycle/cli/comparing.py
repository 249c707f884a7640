"""`macro-cycle compare`: variants of a cycle's definition walked forward side by side, here or over a Dask cluster."""

from collections.abc import Iterable
from typing import Annotated, Any

import pandas as pd
import typer
import yaml

from macro_cycle.cli.console import answers, as_typed, print_json, progress_bar, table
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.cycles.variants import KEYS, variants
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.evaluation.comparison import Ground, compare
from macro_cycle.evaluation.walk_forward import EVERY

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("compare")(compare_variants)


def compare_variants(
    vary: Annotated[
        list[str] | None,
        typer.Option(help=f"Key and its values: {KEYS}, as model.winsor=3,3.5,4. Several: every combination."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, max=120, help="Months between re-estimations.")] = EVERY,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Walk variants of the definition forward over the stored history, and print how well each dated the cycle.

    Nothing is stored. With MACRO_CYCLE_DASK_ADDRESS the variants are spread over that cluster.
    """
    found = platform(cycle)
    wanted = variants(found.definition, _varied(vary or []), found.settings.model)
    history = found.warehouse.history(sorted({s for each in wanted for s in each.features.series_ids}))
    if history.empty:
        raise MacroCycleError("nothing is stored yet; run `macro-cycle run` first")
    months = pd.DatetimeIndex(found.clock.month_keys())
    ground = Ground(history, found.catalog, found.chronology, months, found.clock.today(), every)
    rows: list[dict[str, Any]] = []
    with progress_bar("variants") as progress:
        for row in compare(wanted, ground, found.comparison_engine()):
            rows.append(row)
            progress(len(rows), len(wanted))
    print_json(rows) if json else _show(rows)


def _varied(options: Iterable[str]) -> dict[str, list[Any]]:
    varied: dict[str, list[Any]] = {}
    for option in options:
        key, sign, values = option.partition("=")
        if not sign or not values or key in varied:
            raise UsageError(f"--vary {option}: write a key once and its values, as model.winsor=3,3.5,4")
        try:
            varied[key] = [yaml.safe_load(value) for value in values.split(",")]
        except yaml.YAMLError:
            raise UsageError(f"--vary {option}: a value cannot be read; write numbers or words") from None
    return varied


def _show(rows: list[dict[str, Any]]) -> None:
    numbers = ("AUROC", "Brier", "false alarms", "called", "slowest")
    shown = table("variant", *numbers, numbers=numbers, flowing=["variant"])
    for row in sorted(rows, key=lambda row: row["brier"] if row["brier"] is not None else float("inf")):
        shown.add_row(
            as_typed(row["variant"]),
            _number(row["auroc"], "{:.4f}"),
            _number(row["brier"], "{:.4f}"),
            _number(row["false_alarms"], "{:.1%}"),
            f"{row['called']} of {row['recessions']}",
            _number(row["slowest_call"], "{:.0f} months"),
        )
    answers.print(shown, highlight=False)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
