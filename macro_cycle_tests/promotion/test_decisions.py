"""Whatever is decided in whatever order: only a promoted model is to serve, and a person's word stands."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.promotion.by_hand import ByHand, decide_by_hand
from macro_cycle.promotion.decisions import pending, standing, to_serve
from macro_cycle.records import Decision, Model

START = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = ("a", "b", "c")
by_gate = st.tuples(st.just("gate"), st.sampled_from(MODELS), st.sampled_from(["promote", "refuse", "wait", "closed"]))
by_person = st.tuples(
    st.just("person"), st.sampled_from(MODELS), st.sampled_from(["promote", "refuse", "wait", "retract"])
)
histories = st.lists(by_gate | by_person, max_size=12)


def decisions(said: list[tuple[str, str, str]]) -> list[Decision]:
    return [
        Decision(
            cycle="us",
            as_of=date(2026, 1, 31),
            version=f"{outcome} {model}",
            made_by="test",
            model_version=model,
            outcome=outcome,
            by=by,
            reason="because",
            decided_at=START + timedelta(hours=hour),
        )
        for hour, (by, model, outcome) in enumerate(said)
    ]


def last_word(said: list[tuple[str, str, str]], model: str) -> str | None:
    """The outcome that stands about a model, told by reading the history from its beginning."""
    person = gate = None
    for by, about, outcome in said:
        if about != model or outcome == "closed":
            continue
        if by == "gate":
            gate = outcome
        else:
            person = None if outcome == "retract" else outcome
    return person or gate


@given(said=histories)
def test_a_person_s_word_stands_and_else_the_gate_s(said):
    history = decisions(said)
    for model in MODELS:
        found = standing(history, model)
        assert (found.outcome if found else None) == last_word(said, model)


@given(said=histories)
def test_only_a_model_that_stands_promoted_is_to_serve(said):
    history = decisions(said)
    found = to_serve(history)
    promoted = [model for model in MODELS if last_word(said, model) == "promote"]
    assert (found is None) == (not promoted)
    if found is not None:
        assert found.model_version in promoted
        assert all(standing(history, model).decided_at <= found.decided_at for model in promoted)


@given(said=histories)
def test_what_waits_for_a_person_is_what_stands_waiting(said):
    waiting = {decision.model_version for decision in pending(decisions(said))}
    assert waiting == {model for model in MODELS if last_word(said, model) == "wait"}


class Kept:
    """Decisions in memory, as the store of records keeps them."""

    def __init__(self, said: list[Decision]) -> None:
        self.said = said

    def history(self, _asset: str, _kind: type) -> list[Decision]:
        return list(self.said)

    def append(self, _asset: str, made: list[Decision]) -> None:
        self.said += made


def asked(outcome: str, model: str | None = None, reason: str = "because") -> ByHand:
    month = Model(
        cycle="us",
        as_of=date(2026, 2, 28),
        version="b",
        made_by="test",
        config_version="c",
        labels=(),
        metrics={},
        expected_durations={},
        registry_version="1",
        run_id="r",
        reused=False,
    )
    return ByHand("us", outcome, reason, model, month, "test", {})


def test_a_rollback_is_kept_whatever_the_gate_says_of_the_open_month_s_model():
    records = Kept(decisions([("gate", "a", "promote"), ("gate", "b", "promote")]))
    assert to_serve(records.said).model_version == "b"
    decide_by_hand(records, asked("rollback", "a"))
    assert to_serve(records.said).model_version == "a"
    assert standing(records.said, "b").outcome == "refuse"
    records.said += decisions([("gate", "b", "promote")])
    assert to_serve(records.said).model_version == "a"


def test_a_step_that_is_retried_says_nothing_twice():
    for outcome, model in (("rollback", "a"), ("refuse", None), ("promote", "a")):
        records = Kept(decisions([("gate", "a", "promote"), ("gate", "b", "promote")]))
        decide_by_hand(records, asked(outcome, model))
        once = list(records.said)
        decide_by_hand(records, asked(outcome, model))
        assert records.said == once


class CutShort(Kept):
    """A store that is lost before it keeps the `nth` of what it is given."""

    def __init__(self, said: list[Decision], nth: int) -> None:
        super().__init__(said)
        self.left = nth

    def append(self, asset: str, made: list[Decision]) -> None:
        self.left -= 1
        if self.left == 0:
            raise OutageError("the database does not answer")
        super().append(asset, made)


@pytest.mark.parametrize("serving", ["b", "c"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_rollback_that_an_outage_cuts_short_is_finished_by_the_step_that_is_retried(serving, nth):
    before = decisions([("gate", "a", "promote"), ("gate", serving, "promote")])
    whole, cut = Kept(list(before)), CutShort(list(before), nth)
    decide_by_hand(whole, asked("rollback", "a"))
    with suppress(OutageError):
        decide_by_hand(cut, asked("rollback", "a"))
    decide_by_hand(cut, asked("rollback", "a"))
    assert words(cut) == words(whole)


def words(records: Kept) -> list[tuple[str, str, str]]:
    return [(each.by, each.model_version, each.outcome) for each in records.said]


def test_a_rollback_to_what_serves_already_is_refused_whatever_was_rolled_back_before():
    records = Kept(decisions([("gate", "a", "promote"), ("gate", "b", "promote")]))
    decide_by_hand(records, asked("rollback", "a"))
    decide_by_hand(records, asked("promote", "a", reason="it has proved itself"))
    before = list(records.said)
    with pytest.raises(MacroCycleError, match="model a serves already"):
        decide_by_hand(records, asked("rollback", "a"))
    assert records.said == before
