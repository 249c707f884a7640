"""Cut short at any step, a month is logged once when it is logged again, and no run is left running."""

import pytest

from macro_cycle.registry.registry import Registry
from macro_cycle_tests.registry.conftest import NAME, identity

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """The process ends here."""


def killed_before(registry, call: str) -> None:
    """From now on the registry's process dies at this call to MLflow."""

    def die(*_, **__):
        raise Killed

    setattr(registry._client, call, die)


def killed_after(registry, call: str) -> None:
    """From now on the registry's process dies when this call to MLflow has been answered."""
    answer = getattr(registry._client, call)

    def die(*arguments, **options):
        answer(*arguments, **options)
        raise Killed

    setattr(registry._client, call, die)


def statuses(registry) -> dict[str, str]:
    runs = registry._client.search_runs([registry._experiment_id])
    return {run.info.run_name: run.info.status for run in runs}


STEPS = [
    (killed_before, "create_run"),
    (killed_after, "create_run"),
    (killed_after, "log_batch"),
    (killed_before, "create_model_version"),
    (killed_after, "create_model_version"),
    (killed_after, "set_terminated"),
]


@pytest.mark.parametrize(("moment", "call"), STEPS)
def test_a_month_cut_short_anywhere_is_logged_once(opened, bundle, moment, call):
    first = opened()
    moment(first, call)
    with pytest.raises(Killed):
        first.log_month(bundle, {})
    again = opened()
    known, unfinished = again.versions(), again.unfinished()
    month = identity(bundle)
    version = known.get(month) or again.log_month(bundle, {}, unfinished_run_id=unfinished.get(month))
    assert again.versions() == {month: version}
    assert again.bundle(version).meta["as_of"] == bundle.meta["as_of"]
    [run] = again._client.search_runs([again._experiment_id])
    assert (run.info.run_id, run.info.status) == (version.run_id, "FINISHED")
    assert run.data.metrics["n_months"] == len(bundle.panel)
    assert again.unfinished() == {}


def test_a_month_that_nobody_takes_up_again_reads_as_killed(opened, bundle):
    first = opened()
    killed_before(first, "create_model_version")
    with pytest.raises(Killed):
        first.log_month(bundle, {})
    opened().mend()
    assert statuses(first) == {"regime_model 2007-12": "KILLED"}


def killed_in_a_range(registry: Registry, name: str) -> str:
    with pytest.raises(Killed), registry.range_run(name, {"dagster.run_id": "r1"}) as run_id:
        raise Killed
    return run_id


def test_a_range_cut_short_is_killed_by_the_next_and_taken_up_under_its_own_name(opened, bundle):
    first, next_one = "backfill 2007-01 to 2007-12", opened()
    cut = killed_in_a_range(opened(), first)
    with next_one.range_run("backfill 2008-01 to 2008-12", {"dagster.run_id": "r2"}) as other:
        assert statuses(next_one) == {first: "KILLED", "backfill 2008-01 to 2008-12": "RUNNING"}
        next_one.unfinished()
        next_one.log_month(bundle, {}, parent_run_id=other)
        assert statuses(next_one)["backfill 2008-01 to 2008-12"] == "RUNNING", "what lives is not mended"
    again = opened()
    with again.range_run(first, {"dagster.run_id": "r3"}) as taken_up:
        assert taken_up == cut
    assert set(statuses(again).values()) == {"FINISHED"}


def test_a_range_that_an_outage_ends_is_taken_up_by_the_same_process(opened):
    registry, name = opened(), "backfill 2007-01 to 2007-12"
    cut = killed_in_a_range(registry, name)
    with registry.range_run(name, {}) as taken_up:
        assert taken_up == cut
    assert statuses(registry) == {name: "FINISHED"}


def test_what_release_0_1_0_left_running_is_mended(opened):
    registry = opened()
    tags = {"dagster.run_id": "r", "dagster.job": "j"}
    month = {**tags, "as_of": "2001-03-31", "model_version": "abc"}
    ended, cut = (registry._client.create_run(registry._experiment_id, tags=month).info for _ in range(2))
    registry._client.create_model_version(NAME, "file:///old", ended.run_id, tags=month)
    registry._client.create_run(registry._experiment_id, run_name="backfill 2001-01 to 2001-12", tags=tags)
    assert registry.unfinished() == {("2001-03-31", "abc"): cut.run_id}
    runs = registry._client.search_runs([registry._experiment_id])
    assert sorted(run.info.status for run in runs) == ["FINISHED", "KILLED", "KILLED"]


def test_the_run_of_a_dagster_run_ends_with_it_and_runs_of_others_are_let_be(opened):
    registry = opened()
    for name, tags in {"dead": {"dagster_run_id": "d"}, "alive": {"dagster_run_id": "a"}, "another's": {}}.items():
        registry._client.create_run(registry._experiment_id, run_name=name, tags=tags)
    registry.mend()
    assert set(statuses(registry).values()) == {"RUNNING"}
    registry.mend(is_over=lambda run_id: run_id == "d")
    assert statuses(registry) == {"dead": "KILLED", "alive": "RUNNING", "another's": "RUNNING"}
