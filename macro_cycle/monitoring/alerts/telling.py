"""One look: rules held against what is observed, and what comes of it told to each channel until it takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.alerts.observed import Observed
from macro_cycle.monitoring.alerts.rules import Rule
from macro_cycle.monitoring.alerts.state import Event, RuleState, Standing, step, taken_away
from macro_cycle.monitoring.notifications import Channel, NotDelivered, Notice

MOST_UNSENT = 100


def look(
    standing: Standing, rules: Mapping[str, Rule], observed: Observed, now: datetime
) -> tuple[Standing, list[Event], list[str]]:
    """What stands after a look at one cycle, what happened, and a line for each rule that asks what there is not."""
    before = standing.rules.get(observed.cycle, {})
    after: dict[str, RuleState] = {}
    events: list[Event] = []
    faults: list[str] = []
    for name, rule in rules.items():
        if rule.cycle not in (None, observed.cycle):
            continue
        try:
            finding = rule.judge(observed)
        except MacroCycleError as error:
            faults.append(f"{name}: {error}")
            finding = None
        after[name], happened = step(before.get(name, RuleState()), name, observed.cycle, rule, finding, now)
        events += happened
    events += [event for name in before.keys() - after.keys() for event in taken_away(before[name], now)]
    return replace(standing, rules={**standing.rules, observed.cycle: after}), events, faults


def tell(standing: Standing, events: Sequence[Event], outlets: Sequence[Channel]) -> tuple[Standing, list[str]]:
    """Send each channel what it has not taken, and a line for each that failed; it is told the rest at the next look.

    A channel that shows what stands (Alertmanager) is told of all that fires at each look.
    """
    unsent, failures = dict(standing.unsent), []
    for channel in outlets:
        due = (*unsent.get(channel.name, ()), *(event for event in events if _is_for(event, channel)))[-MOST_UNSENT:]
        known = {event.key for event in due}
        steady = [e for e in standing.firing if channel.steady and _is_for(e, channel) and e.key not in known]
        unsent[channel.name] = due
        if not due and not steady:
            continue
        try:
            channel.send([notice_of(event) for event in (*due, *steady)])
            unsent[channel.name] = ()
        except NotDelivered as error:
            failures.append(str(error))
    return replace(standing, unsent={name: waiting for name, waiting in unsent.items() if waiting}), failures


def notice_of(event: Event) -> Notice:
    """The event as channels take it."""
    return Notice(
        "alert",
        f"{event.cycle}:{event.rule}",
        f"{event.rule}: {event.text}",
        {"cycle": event.cycle},
        severity=event.severity,
        name=event.rule,
        resolved=event.what == "resolved",
        since=event.since,
    )


def _is_for(event: Event, channel: Channel) -> bool:
    return event.to is None or channel.name in event.to
