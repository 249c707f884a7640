"""The launchpad of `regime_model` says what an experiment may be, and refuses the rest in a line."""

import dagster as dg
import pytest
from dagster._core.snap import JobSnap

from macro_cycle.assets.experiment import CONFIG
from macro_cycle.definitions import build
from macro_cycle.hmm.config import COVARIANCE_TYPES, EMISSIONS, STRUCTURES
from macro_cycle.platform.months import as_of_day
from macro_cycle.records import Model, Panel
from macro_cycle.resources.platform import Platform
from macro_cycle.training.inference import INFERENCES
from macro_cycle_tests.assets.graph import failure, materialize

ALLOWED = {
    "covariance_type": COVARIANCE_TYPES,
    "emission": EMISSIONS,
    "structure": STRUCTURES,
    "inference": INFERENCES,
}


def taken(experiment: object) -> dict:
    """The config as a step of this schema is given it."""
    given = {}

    @dg.op(config_schema=CONFIG)
    def step(context):
        given.update(context.op_config)

    @dg.job
    def job():
        step()

    job.execute_in_process(run_config={"ops": {"step": {"config": {"experiment": experiment}}}})
    return given["experiment"]


def test_the_launchpad_shows_what_each_option_means_and_may_be(platform):
    """In the snapshot of the job's schema, which is all that the page knows of it."""
    job = build(platform).get_repository_def().get_implicit_global_asset_job_def()
    schema = JobSnap.from_job_def(job).config_schema_snapshot
    types = [schema.get_config_snap(key) for key in schema.all_config_snaps_by_key]
    [shape] = [each for each in types if {"inference", "covariance_type"} <= {f.name for f in each.fields or ()}]
    assert all(field.description for field in shape.fields)
    for name, values in ALLOWED.items():
        [field] = [field for field in shape.fields if field.name == name]
        shown = schema.get_config_snap(field.type_key).enum_values
        assert [each.value for each in shown] == list(values)
        assert all(each.description for each in shown)
        assert all(value in field.description for value in values)


def test_what_is_not_named_is_as_the_definition_says():
    assert taken({}) == {"inference": "em", "draws": 500}
    assert taken({"winsor": None, "discount": 1})["winsor"] is None


@pytest.mark.parametrize(
    "experiment",
    [
        {"covariance_type": "spherical"},
        {"emission": "cauchy"},
        {"inference": "gibbs"},
        {"n_regimes": "three"},
        {"n_regime": 3},
        {"winsor": "never"},
        "nuts",
    ],
)
def test_a_word_that_is_not_allowed_starts_no_run(experiment):
    with pytest.raises(dg.DagsterInvalidConfigError) as refused:
        taken(experiment)
    [error] = refused.value.errors
    assert "\n" not in error.message


def test_a_number_out_of_bounds_and_several_months_are_one_line(platform):
    months = ("2007-12-01", "2008-01-01")
    platform.records.append("macro_features", [panel_of(platform, month) for month in months])

    def refused(last: str | None = None, **options: object) -> str:
        asked = {"platform": platform, "checked": False, "regime_model": {"experiment": options}}
        with dg.DagsterInstance.ephemeral() as instance:
            return failure(materialize(instance, ["regime_model"], months[0], last, succeeds=False, **asked))

    assert refused(n_regimes=7) == "n_regimes is 7: it must be 2, 3 or 4"
    assert refused(discount=1.5) == "discount is 1.5: it must be above 0 and at most 1"
    assert refused(n_restarts=10**6) == "n_restarts is 1000000: it must be from 1 to 1000"
    assert refused(draws=3) == "draws is 3: it must be from 100 to 10000"
    assert refused(last=months[1]) == "an experiment is about one month; choose one partition"
    assert "made under other settings" in refused(), "a panel that the month's model would not be trained on"
    assert not platform.records.load("regime_model", Model, months)


def panel_of(platform: Platform, month: str) -> Panel:
    """A record of a panel that an older release made."""
    day = as_of_day(month).date()
    return Panel(
        cycle=platform.cycle,
        as_of=day,
        version="1",
        made_by="0",
        reference_month=day,
        months=1,
        missing_share=0,
        newest={},
        features=(),
    )
