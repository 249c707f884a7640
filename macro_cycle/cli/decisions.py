"""`macro-cycle decisions`, `promote`, `refuse`, `rollback` and `retract`: a person's word about which model serves."""

from typing import Annotated, Any

import typer

from macro_cycle.cli import runs
from macro_cycle.cli.console import answers, as_typed, print_json, print_paragraph
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import UsageError
from macro_cycle.promotion.decisions import pending, to_serve
from macro_cycle.records import Decision
from macro_cycle.resources import deployments

Version = Annotated[str | None, typer.Argument(help="Model version (default: the open month's model).")]
Earlier = Annotated[str, typer.Argument(help="Model version that was promoted before.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the decision and shown beside it.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (decisions, promote, refuse, rollback, retract):
        app.command(command.__name__)(command)


def decisions(cycle: Cycle = DEFAULT, json: JsonFlag = False) -> None:
    """Show every decision about which model may serve, what is to serve, and what waits for a person."""
    history = [each for each in platform(cycle).records.history("champion", Decision) if each.outcome != "closed"]
    serving, waiting = to_serve(history), [each.model_version for each in pending(history)]
    document = {
        "decisions": [each.model_dump(mode="json") for each in history],
        "to_serve": serving.model_version if serving else None,
        "to_be_decided": waiting,
    }
    print_json(document) if json else _show(history, document)


def promote(version: Version = None, reason: Reason = "", cycle: Cycle = DEFAULT) -> None:
    """Let a model serve, whatever the gate says; it stands until you retract it."""
    _decide("promote", version, reason, cycle)


def refuse(version: Version = None, reason: Reason = "", cycle: Cycle = DEFAULT) -> None:
    """Keep a model from serving; if it serves, the one promoted before it serves again."""
    _decide("refuse", version, reason, cycle)


def rollback(version: Earlier, reason: Reason = "", cycle: Cycle = DEFAULT) -> None:
    """Let a model that was promoted earlier serve again, and refuse the one that serves."""
    _decide("rollback", version, reason, cycle)


def retract(version: Version = None, reason: Reason = "", cycle: Cycle = DEFAULT) -> None:
    """Take back what a person decided about a model; the gate's decision stands again."""
    _decide("retract", version, reason, cycle)


def _decide(outcome: str, version: str | None, reason: str, cycle: str) -> None:
    if not reason.strip():
        raise UsageError(f"say why: macro-cycle {outcome} ... --reason TEXT")
    found = platform(cycle)
    by_hand = {"outcome": outcome, "reason": reason} | ({"model_version": version} if version else {})
    config = {"ops": {f"{found.cycle}__champion": {"config": {"decision": {"by_hand": by_hand}}}}}
    run_id = runs.launch(found, "decide", {"dagster/partition": found.clock.open_month()}, config)
    runs.ask_dagster(found, lambda it: runs.follow(it, run_id, 1, ["champion", "kserve_deployment"], found.cycle))
    deployed = deployments.serving(found)
    serves = f"model {deployed.model_version}" if deployed and deployed.model_version else "nothing"
    answers.print(f"{outcome}: kept; {as_typed(serves)} serves", highlight=False)


def _show(history: list[Decision], document: dict[str, Any]) -> None:
    if not history:
        answers.print("nothing has been decided yet; run `macro-cycle run` first")
        return
    for each in history:
        decided, outcome = f"{each.decided_at:%Y-%m-%d %H:%M}", f"{each.outcome} by {each.by}"
        line = f"{decided}  about {each.as_of:%Y-%m}  model {each.model_version}  [bold]{as_typed(outcome)}[/]"
        answers.print(line, highlight=False)
        print_paragraph(as_typed(each.reason or "no reason given"), indent=2)
    answers.print(f"to serve: {as_typed(document['to_serve'] or 'nothing')}", highlight=False)
    if document["to_be_decided"]:
        answers.print(f"waits for a person: {as_typed(', '.join(document['to_be_decided']))}", highlight=False)
