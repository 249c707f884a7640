"""What follows from the decisions on record: which model may serve, and whose word stands about each.

Decisions are only ever added. About one model a person's word stands until a person takes it back; else the gate's
does, which judges a model once. What is to serve is the model that was promoted last and still stands promoted.
"""

from collections.abc import Iterable, Sequence

from macro_cycle.errors import MacroCycleError
from macro_cycle.records import Decision, Deployment

HELD = "a decision by hand was begun without a reason; promote or refuse the model with one"


def standing(decisions: Iterable[Decision], model_version: str) -> Decision | None:
    """The decision that stands about a model: a person's that was not taken back, else the gate's last one."""
    about = [each for each in decisions if each.model_version == model_version and each.outcome != "closed"]
    by_hand = next((decision for decision in reversed(about) if decision.by == "person"), None)
    if by_hand is not None and by_hand.outcome != "retract":
        return by_hand
    return next((decision for decision in reversed(about) if decision.by == "gate"), None)


def to_serve(decisions: Sequence[Decision]) -> Decision | None:
    """The promotion to act upon: of the models that stand promoted, the one promoted last; None: none is."""
    promoted = (decision for decision in _all_standing(decisions) if decision.outcome == "promote")
    return max(promoted, key=lambda decision: decision.decided_at, default=None)


def pending(decisions: Sequence[Decision]) -> list[Decision]:
    """Decisions that a person has to make, oldest first."""
    waiting = (decision for decision in _all_standing(decisions) if decision.outcome == "wait")
    return sorted(waiting, key=lambda decision: decision.decided_at)


def serving(deployments: Sequence[Deployment]) -> Deployment | None:
    """What serves by the record, the newest last; a closed month deployed nothing. None: nothing was ever deployed."""
    return next((record for record in reversed(deployments) if record.version != "closed"), None)


def _all_standing(decisions: Sequence[Decision]) -> list[Decision]:
    versions = dict.fromkeys(decision.model_version for decision in decisions)
    found = (standing(decisions, version) for version in versions)
    return [decision for decision in found if decision is not None]


def promoted_before(decisions: Sequence[Decision], model_version: str) -> Decision:
    """The last promotion of a model, to go back to.

    Raises:
        MacroCycleError: it was never promoted.
    """
    for decision in reversed(decisions):
        if (decision.model_version, decision.outcome) == (model_version, "promote"):
            return decision
    known = list(dict.fromkeys(d.model_version for d in reversed(decisions) if d.outcome == "promote"))
    there_are = f"there are {', '.join(known[:5])}" if known else "none was promoted yet"
    raise MacroCycleError(f"model {model_version} was never promoted, so there is nothing to go back to; {there_are}")
