"""The verdict on the open month is kept with the version; a person may decide in its place, with a reason."""

import dagster as dg
import pytest

from macro_cycle.assets.promotion import Decision, Promotion
from macro_cycle.definitions import defs
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import open_month
from macro_cycle.resources.mlflow import RegistryResource
from macro_cycle_tests.assets.graph import CHAIN, materialize, with_the_sample


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_decision_by_hand_without_a_reason_is_refused(reason):
    with pytest.raises(MacroCycleError, match="needs a reason"):
        Promotion(decision=Decision.PROMOTE, reason=reason).check([open_month()])


def test_a_closed_month_is_never_promoted_by_hand():
    with pytest.raises(MacroCycleError, match="only the open month"):
        Promotion(decision=Decision.PROMOTE, reason="because").check(["2008-09-01"])


def test_the_gate_asks_for_nothing_to_be_set():
    Promotion().check(["2008-09-01", "2008-10-01"])


def decide(instance: dg.DagsterInstance, **config: str) -> dict:
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    result = job.execute_in_process(
        asset_selection=[dg.AssetKey("champion")],
        instance=instance,
        partition_key=open_month(),
        run_config={"ops": {"champion": {"config": config}}},
    )
    (materialization,) = result.asset_materializations_for_node("champion")
    return {name: value.value for name, value in materialization.metadata.items()}


@pytest.mark.slow
def test_a_new_home_is_judged_by_a_walk_and_a_person_s_reason_stays_with_the_version(platform):
    with_the_sample()
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, open_month())
        first = decide(instance)
        assert (first["verdict"], first["decided_by"]) == ("promote", "gate")
        assert first["record"].startswith("walk-forward over 22")
        assert first["auroc_above_sahm_rule"] > 0
        registry = RegistryResource().registry()
        challenger = registry.challenger()
        assert registry.champion() is None, "the alias moves only after the deployment was verified"
        second = decide(instance, decision="REFUSE", reason="a benchmark revision is due")
    assert (second["verdict"], second["decided_by"]) == ("refuse", "hand")
    tags = registry._client.get_model_version(registry.name, challenger.version).tags
    assert tags["gate.reasons"] == "refused by hand: a benchmark revision is due"
    metrics = registry._client.get_run(challenger.run_id).data.metrics
    assert metrics["gate.auroc"] == first["auroc"]
