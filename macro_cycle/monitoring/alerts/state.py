"""What becomes of a rule from look to look: it fires once, is held back by its cooldown, and is resolved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from macro_cycle.monitoring.alerts.rules import Finding, Rule

GONE = "the rule was taken away"


@dataclass(frozen=True)
class Event:
    """That a rule of a cycle fired or was resolved; `at` and `since` are ISO, UTC."""

    rule: str
    cycle: str
    what: Literal["firing", "resolved"]
    severity: str
    text: str
    at: str
    since: str
    to: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """Two events with the same key are the same."""
        return f"{self.cycle}:{self.rule}:{self.since}:{self.what}"


@dataclass(frozen=True)
class RuleState:
    """Where a rule of a cycle stands: the event that fired and was not resolved yet, and when it fired last."""

    firing: Event | None = None
    identity: str = ""
    fired_at: str | None = None

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RuleState":
        """The state that `to_document` wrote."""
        firing = document.get("firing")
        return cls(**{**document, "firing": _event(firing) if firing else None})


def step(
    state: RuleState, name: str, cycle: str, rule: Rule, finding: Finding | None, now: datetime
) -> tuple[RuleState, list[Event]]:
    """The state after a look, and what is to be told; a look that knows nothing changes nothing."""
    if finding is None:
        return state, []
    events: list[Event] = []
    if state.firing and (finding.ended or (finding.fires and finding.identity != state.identity)):
        events.append(_resolved(state.firing, finding.text, now))
        state = replace(state, firing=None)
    if not state.firing and finding.fires and _cooled_down(state, rule, now):
        at = now.isoformat()
        fired = Event(name, cycle, "firing", rule.severity, finding.text, at, at, rule.to)
        events.append(fired)
        state = RuleState(fired, finding.identity, at)
    return state, events


def taken_away(state: RuleState, now: datetime) -> list[Event]:
    """What is told of a rule that is in the file no more."""
    return [_resolved(state.firing, GONE, now)] if state.firing else []


def _resolved(firing: Event, text: str, now: datetime) -> Event:
    return replace(firing, what="resolved", text=text, at=now.isoformat())


def _cooled_down(state: RuleState, rule: Rule, now: datetime) -> bool:
    if state.fired_at is None:
        return True
    return now >= datetime.fromisoformat(state.fired_at) + timedelta(hours=rule.cooldown_hours)


def _event(document: Mapping[str, Any]) -> Event:
    return Event(**{**document, "to": tuple(document["to"]) if document.get("to") else None})


@dataclass(frozen=True)
class Standing:
    """What is kept between looks: each rule's state by cycle and name, and what each channel has yet to be told."""

    rules: Mapping[str, Mapping[str, RuleState]] = field(default_factory=dict)
    unsent: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)

    @property
    def firing(self) -> list[Event]:
        """The alerts that stand."""
        return [s.firing for of_cycle in self.rules.values() for s in of_cycle.values() if s.firing]

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        rules = {c: {name: s.to_document() for name, s in states.items()} for c, states in self.rules.items()}
        return {"rules": rules, "unsent": {name: [asdict(e) for e in events] for name, events in self.unsent.items()}}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Standing":
        """What `to_document` wrote; a document of before the first look is empty."""
        kept, unsent = document.get("rules", {}), document.get("unsent", {})
        rules = {c: {name: RuleState.from_document(s) for name, s in states.items()} for c, states in kept.items()}
        return cls(rules, {name: tuple(map(_event, events)) for name, events in unsent.items()})
