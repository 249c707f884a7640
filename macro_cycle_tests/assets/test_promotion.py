"""A decision is kept before anything acts on it; a person's word stands until they take it back."""

import dagster as dg
import pytest

from macro_cycle.assets.promotion import CONFIG
from macro_cycle.errors import MacroCycleError
from macro_cycle.promotion.decisions import standing, to_serve
from macro_cycle.records import Decision
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import CHAIN, failure, materialize


def by_hand(outcome: str, **more: str) -> dict:
    return {"decision": {"by_hand": {"outcome": outcome, **more}}}


@pytest.mark.parametrize("spelling", ["refuse", "REFUSE", "Refuse"])
def test_the_launchpad_takes_a_decision_however_it_is_spelt(spelling):
    @dg.op(config_schema=CONFIG)
    def step(context):
        return context.op_config["decision"]["by_hand"]["outcome"].lower()

    @dg.job
    def job():
        step()

    run_config = {"ops": {"step": {"config": by_hand(spelling, reason="because")}}}
    assert job.execute_in_process(run_config=run_config).output_for_node("step") == "refuse"


@pytest.mark.parametrize("config", [by_hand("promote"), by_hand("perhaps", reason="because"), {"decision": "refuse"}])
def test_a_decision_without_a_reason_or_a_known_outcome_starts_no_run(config):
    @dg.op(config_schema=CONFIG)
    def step():
        raise AssertionError("the run was started")

    @dg.job
    def job():
        step()

    with pytest.raises(dg.DagsterInvalidConfigError):
        job.execute_in_process(run_config={"ops": {"step": {"config": config}}})


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral() as found:
        yield found


class Judged:
    """The open month of a platform, judged by the gate or by hand."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self.platform, self.instance = platform, instance
        self.month = platform.clock.open_month()

    def run(self, *, succeeds: bool = True, **config: object) -> dg.ExecuteInProcessResult:
        return materialize(
            self.instance, ["champion"], self.month, platform=self.platform, succeeds=succeeds, checked=False, **config
        )

    def by_hand(self, outcome: str, **more: str) -> Decision:
        self.run(champion=by_hand(outcome, **more))
        return self.decision

    @property
    def decision(self) -> Decision:
        """What the open month's partition holds."""
        return self.platform.records.one("champion", Decision, self.month)

    @property
    def shown(self) -> set[str]:
        """Names of what the newest event of the asset shows."""
        key = dg.AssetKey([self.platform.cycle, "champion"])
        return set(self.instance.fetch_materializations(key, limit=1).records[0].asset_materialization.metadata)

    @property
    def history(self) -> list[Decision]:
        return self.platform.records.history("champion", Decision)

    @property
    def serving(self) -> str | None:
        found = to_serve(self.history)
        return found.model_version if found else None


@pytest.fixture
def judged(store, platform, instance) -> Judged:
    materialize(instance, CHAIN, platform.clock.open_month(), platform=platform)
    return Judged(platform, instance)


@pytest.mark.slow
def test_a_person_s_word_stands_until_it_is_taken_back(judged):
    judged.run()
    gate = judged.decision
    assert (gate.outcome, gate.by, gate.incumbent) == ("promote", "gate", None)
    assert gate.evidence.startswith("walk-forward over 22")
    assert gate.figures["auroc_above_sahm_rule"] > 0
    assert judged.serving == gate.model_version
    judged.run()
    assert "conditions" in judged.shown, "by which the gate decided, though it does not judge again"

    refused = judged.by_hand("REFUSE", reason="a benchmark revision is due")
    assert (refused.outcome, refused.by, refused.reason) == ("refuse", "person", "a benchmark revision is due")
    assert judged.serving is None
    judged.run()
    assert judged.decision == refused, "a plain run, as the daemon's, does not overturn a person"
    assert "conditions" not in judged.shown

    judged.by_hand("retract", reason="it came")
    assert (judged.decision.outcome, judged.decision.by) == ("promote", "gate")
    assert judged.decision.decided_at == gate.decided_at, "the gate judges a model once"
    assert "conditions" in judged.shown
    assert judged.serving == gate.model_version


@pytest.mark.slow
def test_a_decision_by_hand_with_an_empty_reason_holds_the_model_until_there_is_one(judged):
    judged.run()
    said = failure(judged.run(succeeds=False, champion=by_hand("promote", reason="  ")))
    assert said == "a decision by hand needs a reason; write it beside the outcome"
    judged.run()
    assert (judged.decision.outcome, judged.decision.by) == ("wait", "person")
    assert judged.serving is None


@pytest.mark.slow
def test_where_promotion_is_manual_a_model_that_passes_waits_for_a_person(judged, monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_PROMOTION", "manual")
    manual = Judged(Platform.from_environment(), judged.instance)
    manual.run()
    assert (manual.decision.outcome, manual.serving) == ("wait", None)
    promoted = manual.by_hand("promote", reason="looked at")
    assert (promoted.outcome, manual.serving) == ("promote", promoted.model_version)


@pytest.mark.slow
def test_a_closed_month_is_never_decided_on(judged):
    materialize(judged.instance, CHAIN, "2007-03-01", platform=judged.platform)
    config = {"champion": by_hand("promote", reason="because")}
    run = materialize(judged.instance, ["champion"], "2007-03-01", succeeds=False, checked=False, **config)
    assert "is made in the open month" in failure(run)
    materialize(judged.instance, ["champion"], "2007-03-01", checked=False)
    closed = judged.platform.records.one("champion", Decision, "2007-03-01")
    assert closed.outcome == "closed"
    assert standing(judged.history, closed.model_version) is None
    assert judged.serving is None


@pytest.mark.slow
def test_going_back_to_a_model_that_was_never_promoted_is_one_clear_line(judged):
    judged.run()
    said = failure(judged.run(succeeds=False, champion=by_hand("rollback", reason="why", model_version="nosuch")))
    assert said.startswith("model nosuch was never promoted, so there is nothing to go back to; there are ")
    with pytest.raises(MacroCycleError, match="materialize champion for that month first"):
        judged.platform.records.one("champion", Decision, "2007-03-01")
