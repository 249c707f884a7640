"""Whatever a person writes into the launchpad about a model: a decision that is kept, or one line and nothing kept."""

from datetime import date

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.assets.promotion import CONFIG
from macro_cycle.errors import MacroCycleError
from macro_cycle.promotion.by_hand import ASSET, ByHand, decide_by_hand
from macro_cycle.records import Decision, Model, RecordStore

property_test = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.one_of(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20),
    st.sampled_from(["", " ", "\n", "\x1b[31m", "[/bold]", "../../x", "this", "a" * 5000]),
)
values = st.recursive(
    st.one_of(
        words, st.none(), st.booleans(), st.integers(), st.sampled_from(["promote", "REFUSE", "gate", "by_hand"])
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["decision", "gate", "by_hand", "outcome", "reason", "model_version", "x"]), inner
        )
    ),
    max_leaves=6,
)
MODEL = Model(
    cycle="us",
    as_of=date(2026, 10, 31),
    version="this",
    made_by="test",
    config_version="c",
    labels=("Contraction", "Expansion"),
    metrics={},
    expected_durations={},
    registry_version="1",
    run_id="r",
    reused=False,
)


@property_test
@given(
    outcome=st.sampled_from(["promote", "refuse", "rollback", "retract"]),
    reason=words,
    version=st.one_of(st.none(), words),
)
def test_any_reason_and_version_are_kept_as_typed_or_refused_in_one_line(warehouse, outcome, reason, version):
    records = RecordStore(warehouse.engine, "us")
    before = records.history(ASSET, Decision)
    said = ""
    try:
        decide_by_hand(records, ByHand("us", outcome, reason, version, MODEL, "test", {}))
    except MacroCycleError as error:
        said = str(error)
    new = records.history(ASSET, Decision)[len(before) :]
    assert said.isprintable()
    if said:
        assert all(decision.outcome == "wait" for decision in new)  # held, where no reason was given
    else:
        assert all(decision.reason.endswith(reason.strip()) for decision in new)


@pytest.fixture(scope="module")
def launchpad():
    @dg.op(config_schema=CONFIG)
    def champion():
        """Takes what the asset takes."""

    @dg.job
    def job():
        champion()

    return job


@property_test
@given(config=st.one_of(values, st.fixed_dictionaries({"decision": values})))
def test_the_launchpad_takes_a_decision_whole_or_refuses_it(launchpad, config):
    try:
        resolved = dg.validate_run_config(launchpad, {"ops": {"champion": {"config": config}}})
    except dg.DagsterInvalidConfigError:
        return
    decision = resolved["ops"]["champion"]["config"]["decision"]
    assert list(decision) in (["gate"], ["by_hand"])
    if "by_hand" in decision:
        assert decision["by_hand"]["outcome"].lower() in {"promote", "refuse", "rollback", "retract"}
        assert isinstance(decision["by_hand"]["reason"], str)
