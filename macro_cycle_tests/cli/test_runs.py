"""A run is followed to its true end: past what a crash of the platform ended, and to a line that says why it failed."""

from types import SimpleNamespace

import dagster as dg
import psycopg2
import pytest
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import OperationalError

from macro_cycle.cli import runs
from macro_cycle.dagster_internals import AUTO_RETRY_RUN_ID_TAG
from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.platform.settings import Settings


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def ended(instance: dg.DagsterInstance, succeeds: bool, tags: dict[str, str]) -> str:
    @dg.op
    def step():
        if not succeeds:
            raise dg.Failure("no room on the disk")

    @dg.job(tags=tags)
    def job():
        step()

    return job.execute_in_process(instance=instance, raise_on_error=False).run_id


def crashed(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    run = instance.create_run_for_job(dg.JobDefinition(name="job", graph_def=dg.GraphDefinition("job")), tags=tags)
    instance.report_run_failed(run, "The run worker was lost.")
    return run.run_id


def test_what_a_crash_ended_is_followed_to_the_run_that_repeats_it(instance):
    repeated = ended(instance, succeeds=True, tags={})
    first = crashed(instance, {AUTO_RETRY_RUN_ID_TAG: repeated})
    assert runs.follow(instance, first, 1, []) == [first, repeated]


def test_a_crash_that_is_not_repeated_is_named(instance):
    first = crashed(instance, {})
    with pytest.raises(MacroCycleError, match=f"run {first} failure: The run worker was lost."):
        runs.follow(instance, first, 1, [])


def test_a_failed_step_is_named_with_its_reason(instance):
    first = ended(instance, succeeds=False, tags={})
    with pytest.raises(MacroCycleError, match=f"step failed: .*no room on the disk.* {first}"):
        runs.follow(instance, first, 1, [])


@pytest.fixture
def kept_up(instance, monkeypatch, tmp_path):
    monkeypatch.setattr(dg.DagsterInstance, "from_config", lambda folder: instance)
    return SimpleNamespace(settings=Settings(home=tmp_path))


def asking(errors: list[Exception]):
    def ask(_instance: dg.DagsterInstance) -> str:
        if errors:
            raise errors.pop(0)
        return "found"

    return ask


AWAY = [
    DagsterPostgresException("too many retries for DB connection"),
    OperationalError("SELECT 1", None, psycopg2.OperationalError("server closed the connection unexpectedly")),
    OutageError("the database does not answer"),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_a_stack_that_goes_down_meanwhile_is_one_line(kept_up, error):
    with pytest.raises(MacroCycleError, match=r"the stack went down; .* `macro-cycle up`"):
        runs.ask_dagster(kept_up, asking([error]))


def test_a_database_that_comes_back_is_asked_anew(kept_up, monkeypatch):
    answers = iter([OutageError("starting up"), "url"] * len(AWAY))

    def database_url(_settings: Settings) -> str:
        answer = next(answers)
        if isinstance(answer, OutageError):
            raise answer
        return answer

    monkeypatch.setattr("macro_cycle.stack.supervision.supervisor_process", lambda settings: object())
    monkeypatch.setattr("macro_cycle.stack.postgres.database_url", database_url)
    monkeypatch.setattr(runs, "POLL_SECONDS", 0)
    assert runs.ask_dagster(kept_up, asking(list(AWAY))) == "found"
    assert next(answers, None) is None


def test_outages_far_apart_do_not_add_up(kept_up, monkeypatch):
    monkeypatch.setattr(runs, "_comes_back", lambda platform: True)
    monkeypatch.setattr(runs, "PATIENT_SECONDS", -1)  # each began long after the one before
    assert runs.ask_dagster(kept_up, asking(4 * AWAY)) == "found"


def test_an_outage_without_end_ends_the_command(kept_up, monkeypatch):
    monkeypatch.setattr(runs, "_comes_back", lambda platform: True)
    with pytest.raises(MacroCycleError, match="the stack went down"):
        runs.ask_dagster(kept_up, asking(100 * AWAY))
