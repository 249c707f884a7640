"""`macro-cycle run` and `macro-cycle backfill`: the asset graph for the open month, or for a range of months."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from macro_cycle.cli import answer, runs, services
from macro_cycle.cli.console import answers, as_typed, errors, print_error, print_json
from macro_cycle.cli.platform import Cycle, EachCycle, platform, platforms
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.records import Failure

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from macro_cycle.resources.platform import Platform

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("run")(run)
    app.command("backfill")(backfill)


def run(cycle: EachCycle = None, json: JsonFlag = False) -> None:
    """Materialize every asset for the open month and print today's answer; starts the stack if it is down.

    One cycle after the other; what fails in one leaves the others alone, and the exit code is then 1.
    """
    services.start_if_down()
    asked = platforms(cycle)
    found: list[dict[str, Any]] = []
    for each in asked:
        try:
            found.append(_answered(each))
        except MacroCycleError as error:
            if len(asked) == 1:
                raise
            print_error(f"{each.cycle}: {error}")
    if found:
        print_json({**found[0], "others": found[1:]}) if json else answer.show(found)
    if len(found) < len(asked):
        raise typer.Exit(1)


def _answered(found: "Platform") -> dict[str, Any]:
    """The answer of the open month, once everything was materialized for it."""
    month = found.clock.open_month()
    run_id = runs.launch(found, "whole_graph", {"dagster/partition": month})

    def retrained(instance: "DagsterInstance") -> bool:
        return runs.retrained(instance, runs.follow(instance, run_id, 1, runs.MONTHLY_ASSETS, found.cycle))

    return answer.of_month(found, month, retrained=runs.ask_dagster(found, retrained))


def backfill(
    start: Annotated[str, typer.Option("--from", help="First month, YYYY-MM.")],
    end: Annotated[str, typer.Option("--to", help="Last month, YYYY-MM.")],
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Materialize every asset for a range of months as one run: what would have been said at each month end.

    A month that cannot be made is named and the others are done; the exit code is then 1.
    """
    found = platform(cycle)
    months = found.clock.month_range(start, end)
    tags = {
        "dagster/asset_partition_range_start": months[0],
        "dagster/asset_partition_range_end": months[-1],
    }
    run_id = runs.launch(found, "whole_graph", tags)
    runs.ask_dagster(found, lambda it: runs.follow(it, run_id, len(months), runs.MONTHLY_ASSETS, found.cycle))
    failed = first_failures(found.records.failures(months))
    summary = {"run_id": run_id, "months": len(months), "from": start, "to": end, "failed": [vars(f) for f in failed]}
    print_json(summary) if json else _show(len(months), failed)
    if failed:
        raise typer.Exit(1)


def first_failures(failures: list[Failure]) -> list[Failure]:
    """The first failure of each month: what follows it could only fail too."""
    by_month: dict[str, Failure] = {}
    for failure in failures:
        by_month.setdefault(failure.month, failure)
    return list(by_month.values())


def _show(months: int, failed: list[Failure]) -> None:
    done = months - len(failed)
    for failure in failed:
        line = as_typed(f"{failure.month[:7]}  {failure.asset}: {failure.reason}")
        answers.print(line, highlight=False, soft_wrap=True)
    count, theirs = (f"{done} month done", "its answer") if done == 1 else (f"{done} months done", "their answers")
    rest = f", {len(failed)} could not be made" if failed else ""
    errors.print(f"{count}{rest}; `macro-cycle export calls --out calls.csv` writes {theirs}")
