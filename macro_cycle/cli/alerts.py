"""`macro-cycle alerts`: the rules of one's own, what they say now, and whether word of them arrives."""

import json as json_library
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from macro_cycle.cli import runs
from macro_cycle.cli.console import answers, as_typed, print_json, print_warnings, table
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.alerts.rules import Rule, read_rules
from macro_cycle.monitoring.alerts.state import Event, Standing
from macro_cycle.monitoring.alerts.telling import notice_of
from macro_cycle.monitoring.notifications import Channel, NotDelivered, channels
from macro_cycle.resources.platform import Platform

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
TEST = "a test: nothing happened"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    group = typer.Typer(
        help="Alerts of your own: rules in the YAML file of MACRO_CYCLE_ALERTS__PATH.", no_args_is_help=True
    )
    group.command("list")(list_rules)
    group.command("test")(send_test)
    app.add_typer(group, name="alerts")


def list_rules(json: JsonFlag = False, cycle: Cycle = DEFAULT) -> None:
    """Show each rule, what it says of the newest answer, and since when it fires."""
    from macro_cycle.automation.observed import Arrivals, arrivals, observe

    found = platform(cycle)
    rules, standing = _rules(found), _standing(found)
    arrived = arrivals(found, rules, Arrivals())
    observed = observe(found, arrived.came)
    rows = [_row(found.cycle, name, rule, observed, standing) for name, rule in rules.items()]
    print_json(rows) if json else _show(rows)
    print_warnings(arrived.unmeasured)


def send_test(
    rule: Annotated[str | None, typer.Argument(help="A rule (default: all of them).")] = None, cycle: Cycle = DEFAULT
) -> None:
    """Send a message about each rule to whom it names, to see whether it arrives."""
    found = platform(cycle)
    rules = _rules(found)
    if rule is not None and rule not in rules:
        raise MacroCycleError(f"there is no rule {rule}; there are {', '.join(rules)}")
    outlets = channels(found.settings.notifications)
    if not outlets:
        raise MacroCycleError("nobody is to be told; set a webhook, Alertmanager or mail server (docs/automation.md)")
    failed: list[str] = []
    for name in [rule] if rule else rules:
        failed += _sent(found.cycle, name, rules[name], outlets)
    if failed:
        raise MacroCycleError("; ".join(dict.fromkeys(failed)))


def _sent(cycle: str, name: str, rule: Rule, outlets: Sequence[Channel]) -> list[str]:
    """Send a test of a rule, and take it back where it would stand; what each channel said that did not take it."""
    now, failed = datetime.now(UTC).isoformat(), []
    fires = Event(name, cycle, "firing", rule.severity, TEST, now, now, rule.to)
    for channel in outlets:
        if rule.to is not None and channel.name not in rule.to:
            continue
        try:
            channel.send([notice_of(fires)])
            if channel.steady:
                channel.send([notice_of(replace(fires, what="resolved"))])
        except NotDelivered as error:
            failed.append(str(error))
        else:
            answers.print(f"{as_typed(name)}: {channel.name} took it", highlight=False)
    return failed


def _rules(found: Platform) -> dict[str, Rule]:
    if found.settings.alerts.path is None:
        raise MacroCycleError("there are no rules; write some and name their file in MACRO_CYCLE_ALERTS__PATH")
    return dict(read_rules(found.settings.alerts.path))


def _standing(found: Platform) -> Standing | None:
    """What the daemon's last look left; None where no stack runs."""
    from macro_cycle.stack.daemon import Daemon

    try:
        runs.refuse_unless_up(found, patience=0)
        cursor = runs.ask_dagster(found, lambda it: Daemon(it, found.cycle).cursor(f"{found.cycle}_alerts"))
    except MacroCycleError:
        return None
    return Standing.from_document(json_library.loads(cursor) if cursor else {})


def _row(cycle: str, name: str, rule: Rule, observed: Any, standing: Standing | None) -> dict[str, Any]:
    try:
        finding = rule.judge(observed) if rule.cycle in (None, cycle) else None
        says, fires = (finding.text, finding.fires) if finding else ("nothing is known of it yet", False)
    except MacroCycleError as error:
        says, fires = str(error), False
    state = standing.rules.get(cycle, {}).get(name) if standing else None
    return {
        "rule": name,
        "when": rule.model_dump()["when"],
        "severity": rule.severity,
        "holds_now": fires,
        "fires_since": state.firing.since if state and state.firing else None,
        "says": says,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    shown = table("rule", "severity", "state", "says", flowing=["rule", "state", "says"])
    for row in rows:
        since = row["fires_since"]
        state = (
            f"[red]fires since {since[:16].replace('T', ' ')}[/]" if since else "holds" if row["holds_now"] else "quiet"
        )
        shown.add_row(as_typed(row["rule"]), row["severity"], state, as_typed(row["says"]))
    answers.print(shown, highlight=False)
