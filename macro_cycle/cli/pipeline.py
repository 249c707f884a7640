"""`macro-cycle run` and `macro-cycle backfill`: the asset graph for the open month, or for a range of months."""

from typing import TYPE_CHECKING, Annotated

import typer

from macro_cycle.cli import answer, runs
from macro_cycle.cli.console import errors, print_json
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import month_range, open_month
from macro_cycle.platform.settings import Settings, load_settings
from macro_cycle.stack import status

if TYPE_CHECKING:
    from dagster import DagsterInstance

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("run")(run)
    app.command("backfill")(backfill)


def run(json: JsonFlag = False) -> None:
    """Materialize every asset for the open month and print today's answer."""
    month = open_month()
    with _instance(load_settings()) as instance:
        run_id = runs.launch(load_settings(), {"dagster/partition": month})
        runs.follow(instance, run_id, 1, runs.MONTHLY_ASSETS)
        retrained = runs.retrained(instance, run_id)
    result = answer.of_month(month, retrained=retrained)
    print_json(result) if json else answer.show(result)


def backfill(
    start: Annotated[str, typer.Option("--from", help="First month, YYYY-MM.")],
    end: Annotated[str, typer.Option("--to", help="Last month, YYYY-MM.")],
    json: JsonFlag = False,
) -> None:
    """Materialize every asset for a range of months as one run: what would have been said at each month end."""
    months = month_range(start, end)
    tags = {
        "dagster/asset_partition_range_start": months[0],
        "dagster/asset_partition_range_end": months[-1],
    }
    with _instance(load_settings()) as instance:
        run_id = runs.launch(load_settings(), tags)
        runs.follow(instance, run_id, len(months), runs.MONTHLY_ASSETS)
    summary = {"run_id": run_id, "months": len(months), "from": start, "to": end}
    if json:
        print_json(summary)
    else:
        errors.print(f"{len(months)} months done; `macro-cycle export calls --out calls.csv` writes their answers")


def _instance(settings: Settings) -> "DagsterInstance":
    """The stack's Dagster instance."""
    from dagster import DagsterInstance

    from macro_cycle.stack.services import dagster_home

    if not all(service.ready for service in status(settings)):
        raise MacroCycleError("the stack is not up; run `macro-cycle up` first, then look at `macro-cycle status`")
    return DagsterInstance.from_config(str(dagster_home(settings)))
