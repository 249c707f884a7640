"""A person's word about a model: checked, and kept, before anything acts on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from macro_cycle.errors import MacroCycleError
from macro_cycle.promotion.decisions import HELD, promoted_before, to_serve
from macro_cycle.records import Decision, Model, RecordStore

ASSET = "champion"


@dataclass(frozen=True)
class ByHand:
    """What a person asks for. model_version None: the open month's model, `of_the_month`."""

    cycle: str
    outcome: Literal["promote", "refuse", "rollback", "retract"]
    reason: str
    model_version: str | None
    of_the_month: Model
    made_by: str
    made_from: Mapping[str, str]


def decide_by_hand(records: RecordStore, asked: ByHand) -> None:
    """Keep what a person decided.

    Without a reason the model is held: neither it serves nor does the gate decide, until a person does.

    Raises:
        MacroCycleError: there is no reason, or nothing to go back to.
    """
    decisions = records.history(ASSET, Decision)
    if not asked.reason.strip():
        records.append(ASSET, [_decision(asked, asked.of_the_month, "wait", HELD)])
        raise MacroCycleError("a decision by hand needs a reason; write it beside the outcome")
    if asked.outcome == "rollback":
        _roll_back(records, decisions, asked)
        return
    decided = _decision(asked, _about(decisions, asked), asked.outcome, asked.reason.strip())
    if not _said(decisions, decided):
        records.append(ASSET, [decided])


def _said(decisions: list[Decision], decided: Decision) -> bool:
    """Whether it was the last thing that a person said of the model: a step that is retried says nothing twice."""
    for decision in reversed(decisions):
        if decision.by == "person" and decision.model_version == decided.model_version:
            return (decision.outcome, decision.reason) == (decided.outcome, decided.reason)
    return False


def _roll_back(records: RecordStore, decisions: list[Decision], asked: ByHand) -> None:
    """Refuse what serves, and promote again what had been promoted."""
    if asked.model_version is None:
        raise MacroCycleError("say which model to go back to: give its model_version")
    target, serving = promoted_before(decisions, asked.model_version), to_serve(decisions)
    decided = _decision(asked, target, "promote", asked.reason.strip())
    if _said(decisions, decided):
        return
    back = _back(asked, target)
    begun = decisions[-1].by == "person" and decisions[-1].reason == back  # by a step that was cut short
    gone: list[Model | Decision] = []
    if serving is not None and serving.model_version != target.model_version:
        gone = [serving]
    elif serving is not None and not begun:
        raise MacroCycleError(f"model {target.model_version} serves already")
    if asked.of_the_month.version not in {target.model_version, *map(_version, gone)}:
        gone.insert(0, asked.of_the_month)
    for refused in (_decision(asked, about, "refuse", back) for about in gone):
        if not _said(decisions, refused):
            records.append(ASSET, [refused])
    records.append(ASSET, [decided])


def _back(asked: ByHand, target: Decision) -> str:
    return f"rolled back to {target.model_version}: {asked.reason.strip()}"


def _about(decisions: list[Decision], asked: ByHand) -> Model | Decision:
    """The model that a person named: the open month's, or one that was decided about before."""
    if asked.model_version in (None, asked.of_the_month.version):
        return asked.of_the_month
    for decision in reversed(decisions):
        if decision.model_version == asked.model_version:
            return decision
    raise MacroCycleError(f"there is no decision about a model {asked.model_version}; see `macro-cycle decisions`")


def _decision(asked: ByHand, about: Model | Decision, outcome: Any, reason: str) -> Decision:
    version = _version(about)
    return Decision(
        cycle=asked.cycle,
        as_of=about.as_of,
        version=f"{outcome} {version}",
        made_by=asked.made_by,
        made_from=asked.made_from,
        model_version=version,
        outcome=outcome,
        by="person",
        reason=reason,
        decided_at=datetime.now(UTC),
    )


def _version(about: Model | Decision) -> str:
    return about.version if isinstance(about, Model) else about.model_version
