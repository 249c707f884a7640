"""A cluster gives what one machine gives, even when a worker dies; one that cannot be used is one clear line."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from macro_cycle.cycles import shipped
from macro_cycle.cycles.variants import variants
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.comparison import compare
from macro_cycle.platform.sockets import is_listened_at
from macro_cycle.resources.dask_engine import DaskEngine
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.evaluation.test_comparison import ground  # noqa: F401
from macro_cycle_tests.patience import PATIENCE, wait_until

US = shipped()


def dask(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.fixture
def scheduler() -> Iterator[str]:
    port = free_port()
    started = dask("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    wait_until(lambda: is_listened_at(("127.0.0.1", port)))
    yield f"tcp://127.0.0.1:{port}"
    started.terminate()
    started.wait(PATIENCE)


@pytest.fixture
def workers(scheduler: str) -> Iterator[list[subprocess.Popen]]:
    from distributed import Client

    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    started = [dask("worker", scheduler, *options) for _ in range(2)]
    with Client(scheduler, timeout=PATIENCE, set_as_default=False) as client:
        wait_until(lambda: len(client.scheduler_info()["workers"]) == 2)
    yield started
    for worker in started:
        worker.terminate()
        worker.wait(PATIENCE)


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_say_what_one_machine_says(scheduler, workers, ground):  # noqa: F811
    wanted = variants(US, {"model.winsor": [3, 4, 5], "model.discount": [0.4, 0.6]})
    spread = compare(wanted, ground, DaskEngine(scheduler))
    first = next(spread)
    os.kill(workers[0].pid, signal.SIGKILL)
    assert [first, *spread] == list(compare(wanted, ground))


@pytest.mark.slow
def test_a_cluster_without_workers_is_one_clear_line(scheduler, ground):  # noqa: F811
    with pytest.raises(MacroCycleError, match="has no worker; start one with `dask worker tcp://"):
        list(compare(variants(US, {}), ground, DaskEngine(scheduler)))


@pytest.mark.slow
def test_a_scheduler_that_is_away_is_one_clear_line(monkeypatch, ground):  # noqa: F811
    monkeypatch.setattr("macro_cycle.resources.dask_engine.ANSWER_SECONDS", 1)
    with pytest.raises(MacroCycleError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1 .*unset MACRO_CYCLE"):
        list(compare(variants(US, {}), ground, DaskEngine("tcp://127.0.0.1:1")))
