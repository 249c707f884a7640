"""A run whose process is gone ends, one whose process lives goes on, and one of another server is left alone."""

import os
import subprocess
import sys
import time

import dagster as dg
import psutil
import pytest
from dagster._core.events import EngineEventData

from macro_cycle.dagster_internals import GRPC_INFO_TAG
from macro_cycle.stack import lost_runs
from macro_cycle.stack.lost_runs import GONE, LostRuns, was_alive

DOOR = {"socket": "/run/code.sock"}
STATUS = dg.DagsterRunStatus


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def nobody() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def in_progress(instance, pid, status=STATUS.STARTED, where='{"host": "localhost", "socket": "/run/code.sock"}') -> str:
    """The id of a run that a process works at, or that none has come to."""
    run = dg.DagsterRun(job_name="us_whole_graph", status=status, tags={GRPC_INFO_TAG: where})
    instance.add_run(run)
    if pid is not None:
        instance.report_engine_event("Started process for run", run, EngineEventData.in_process(pid))
    return run.run_id


def after_looks(instance, run: str, looks: int, began: float = 0.0) -> STATUS:
    runs = LostRuns(instance, DOOR, began)
    for _ in range(looks):
        runs.look()
    return instance.get_run_by_id(run).status


def test_a_run_whose_process_is_gone_ends_at_the_second_look_and_says_why(instance, nobody):
    run = in_progress(instance, nobody)
    assert after_looks(instance, run, 1) == STATUS.STARTED
    assert after_looks(instance, run, 2) == STATUS.FAILURE
    [end] = instance.get_records_for_run(run, of_type=dg.DagsterEventType.RUN_FAILURE).records
    assert end.event_log_entry.get_dagster_event().message == GONE


def test_one_that_was_being_canceled_is_canceled(instance, nobody):
    assert after_looks(instance, in_progress(instance, nobody, STATUS.CANCELING), 2) == STATUS.CANCELED


def test_one_whose_process_lives_goes_on(instance):
    assert after_looks(instance, in_progress(instance, os.getpid()), 3) == STATUS.STARTED


def test_one_of_another_server_is_left_alone(instance, nobody):
    elsewhere = in_progress(instance, nobody, where='{"host": "elsewhere", "port": 4000}')
    launched_otherwise = in_progress(instance, nobody, where="{}")
    for run in (elsewhere, launched_otherwise):
        assert after_looks(instance, run, 2) == STATUS.STARTED


def test_one_that_a_former_server_took_and_never_began_ends_once_it_had_time_to(instance, monkeypatch):
    run, now = in_progress(instance, None, STATUS.STARTING), time.time()
    assert after_looks(instance, run, 2, began=now + 1) == STATUS.STARTING
    monkeypatch.setattr(lost_runs.time, "time", lambda: now + 2 * lost_runs.START_SECONDS)
    assert after_looks(instance, run, 2, began=now - 60) == STATUS.STARTING  # this server's own
    assert after_looks(instance, run, 2, began=now + 1) == STATUS.FAILURE


def test_a_number_that_another_process_was_given_since_is_not_the_process(nobody):
    mine = psutil.Process()
    assert was_alive(mine.pid, time.time())
    assert not was_alive(mine.pid, mine.create_time() - 60)
    assert not was_alive(nobody, time.time())
