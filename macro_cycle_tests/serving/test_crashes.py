"""Whatever is killed, and whenever, what answers is what was committed, and nothing unverified ever answers."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import httpx
import pytest

from macro_cycle.serving.deployers import DeploymentError, LocalDeployer
from macro_cycle.serving.worker import SUCCESSOR_SECONDS, WaitingQueue
from macro_cycle.stack.processes import lives
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.serving.conftest import Server, settings_in, start
from macro_cycle_tests.serving.deploying import STEPS

pytestmark = pytest.mark.slow

HISTORY = {"label": "Expansion", "recession_probability": 0.1, "probabilities": {"Expansion": 0.9, "Contraction": 0.1}}


@pytest.fixture(scope="module")
def crashing(tmp_path_factory, bundle):
    settings = settings_in(tmp_path_factory.mktemp("home"))
    server = Server(settings, start(settings))
    LocalDeployer(settings).deploy(bundle)
    yield server
    server.stop()


def numbered(bundle, number):
    """The bundle with a history of its own, so that it is another version."""
    entry = {"as_of": "2006-12-31", "reference_month": "2006-11-01", "note": number, **HISTORY}
    return replace(bundle, history=[entry])


def deploy(server, bundle, step, tmp_path):
    """Deploy in a process that dies after the step; the version that it recorded, if any."""
    folder, record = tmp_path / "bundle", tmp_path / "record"
    bundle.write(folder)
    environment = os.environ | {
        "MACRO_CYCLE_HOME": str(server.settings.home),
        "MACRO_CYCLE_KSERVE__PORT": str(server.settings.kserve.port),
    }
    command = [sys.executable, "-m", "macro_cycle_tests.serving.deploying", str(folder), str(record), step]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == (0 if step == "none" else -signal.SIGKILL), ended.stderr
    return record.read_text() if record.exists() else None


def served(server):
    """The version that answers everybody."""
    wait_until(lambda: server.latest().status_code == 200)
    return server.latest().headers["x-bundle-version"]


@pytest.mark.parametrize("step", [*STEPS, "none"])
def test_killed_at_any_step_what_serves_is_what_was_committed(crashing, bundle, tmp_path, step):
    deployer, before = LocalDeployer(crashing.settings), served(crashing)
    candidate = numbered(bundle, STEPS.index(step) if step in STEPS else 99)
    recorded = deploy(crashing, candidate, step, tmp_path)
    after = served(crashing)
    assert after == deployer.serving_version()
    assert (after != before) == (step in ("committed", "none"))
    assert (recorded is not None) == (step in ("recorded", "committed", "none"))
    crashing.restart()
    assert served(crashing) == after == deployer.serving_version()
    if recorded is not None:  # the record is followed
        deployer.restore(recorded)
        assert served(crashing) == recorded == deployer.serving_version()
    assert deployer.deploy(candidate).version == served(crashing)


@pytest.mark.parametrize("moment", ["before it records", "while it records"])
def test_the_server_killed_during_a_deployment_serves_what_was_committed(crashing, bundle, moment):
    deployer, before = LocalDeployer(crashing.settings), served(crashing)

    def commit(_: object) -> None:
        if moment == "while it records":
            crashing.restart()
            assert served(crashing) == before

    if moment == "before it records":
        restarting = threading.Thread(target=crashing.restart)
        restarting.start()
        deployment = deployer.deploy(numbered(bundle, f"{moment} {before}"), commit)
        restarting.join()
    else:
        deployment = deployer.deploy(numbered(bundle, f"{moment} {before}"), commit)
    assert served(crashing) == deployment.version == deployer.serving_version()


def test_what_is_raised_before_the_commit_leaves_the_former(crashing, bundle):
    deployer, before = LocalDeployer(crashing.settings), served(crashing)

    def commit(_: object) -> None:
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        deployer.deploy(numbered(bundle, "raised"), commit)
    assert served(crashing) == before
    crashing.restart()
    assert served(crashing) == before == deployer.serving_version()


def test_a_server_that_is_away_is_waited_for_and_then_named(crashing, bundle):
    before = served(crashing)
    crashing.kill()
    settings = crashing.settings.model_copy(
        update={"kserve": crashing.settings.kserve.model_copy(update={"patience_seconds": 0.5})}
    )
    with pytest.raises(DeploymentError, match="does not answer"):
        LocalDeployer(settings).deploy(numbered(bundle, "nobody there"))
    crashing.process = start(crashing.settings)
    assert served(crashing) == before


class Asking:
    """Clients that ask without a pause; what they were answered."""

    def __init__(self, server, clients=4):
        self._server, self._ended = server, threading.Event()
        self.statuses: list[int] = []
        self.lost: list[Exception] = []
        self.versions: set[str] = set()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        self.answered()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def answered(self):
        """Wait until everybody was answered again."""
        before = len(self.statuses)
        wait_until(lambda: len(self.statuses) > before + 2 * len(self._threads))

    def _ask(self):
        """Each question on a connection of its own, so that none is on one that a killed process had taken."""
        while not self._ended.is_set():
            try:
                response = self._server.latest()
            except httpx.HTTPError as error:
                self.lost.append(error)
                continue
            self.statuses.append(response.status_code)
            self.versions.add(response.headers.get("x-bundle-version", ""))


def test_a_renewal_loses_no_request(crashing):
    crashing.wait_for_both()
    former = {worker.pid for worker in crashing.workers()}
    with Asking(crashing) as asking:
        crashing.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not former & {worker.pid for worker in crashing.workers()})
        asking.answered()
    assert (set(asking.statuses), asking.lost) == ({200}, [])
    assert asking.versions == {LocalDeployer(crashing.settings).serving_version()}


def test_a_renewal_whose_workers_cannot_start_leaves_those_that_serve(crashing):
    crashing.wait_for_both()
    former, faulty = {worker.pid for worker in crashing.workers()}, crashing.settings.home / "config.yaml"
    faulty.write_text("no_such_section: 1\n")
    with Asking(crashing) as asking:
        crashing.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "those of before serve on" in crashing.log)
        asking.answered()
    faulty.unlink()
    assert (set(asking.statuses), asking.lost) == ({200}, [])
    assert {worker.pid for worker in crashing.workers()} == former


def test_when_the_serving_worker_is_killed_the_other_answers_at_once(crashing):
    crashing.wait_for_both()
    victim, [other] = crashing.serving(), crashing.idle_workers()
    victim.kill()
    assert crashing.latest().status_code == 200
    assert crashing.serving() == other
    wait_until(lambda: len(crashing.workers()) == 2 and victim.pid not in {w.pid for w in crashing.workers()})


def test_a_successor_is_a_waiting_worker_of_another_keeper(tmp_path):
    queues = [WaitingQueue(tmp_path, place) for place in (6, 7, 8)]
    joining = f"""
import sys
from pathlib import Path
from macro_cycle.serving.worker import WaitingQueue
queue = WaitingQueue(Path({str(tmp_path)!r}), 7)
for step in (queue.join, queue.leave):
    step()
    print("done", flush=True)
    sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", joining], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        other.stdout.readline()
        assert [queue.has_a_successor() for queue in queues] == [True, False, True]
        other.stdin.write("\n")
        other.stdin.flush()
        other.stdout.readline()
        assert not any(queue.has_a_successor() for queue in queues)
        other.stdin.close()


@pytest.mark.parametrize("sibling_is", ["waiting", "starting"])
def test_when_its_keeper_is_killed_the_worker_answers_until_a_new_one_does(crashing, sibling_is):
    crashing.wait_for_both()
    [sibling] = crashing.idle_workers()
    if sibling_is == "starting":
        sibling.kill()
        wait_until(lambda: crashing.idle_workers() not in ([], [sibling]))
        [sibling] = crashing.idle_workers()
    sibling.suspend()  # as on a machine that is busy: it does not notice for a while that it is to leave
    crashing.process.kill()
    crashing.process.wait()
    with Asking(crashing, clients=2) as asking:
        looks = time.monotonic() + 4 * SUCCESSOR_SECONDS
        while time.monotonic() < looks:
            asking.answered()
        sibling.resume()
        wait_until(lambda: not lives(sibling))
        asking.answered()
        assert asking.lost == []
        crashing.process = start(crashing.settings)
        crashing.serving()
        asking.answered()
    assert set(asking.statuses) == {200}
    assert len(asking.lost) <= 2  # a connection that one socket had queued when it gave way to the other


def test_a_second_server_on_the_same_port_is_refused(crashing, tmp_path):
    environment = os.environ | {
        "MACRO_CYCLE_HOME": str(tmp_path),
        "MACRO_CYCLE_KSERVE__PORT": str(crashing.settings.kserve.port),
    }
    command = [sys.executable, "-m", "macro_cycle.serving.server"]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: the model server cannot listen at 127.0.0.1:")
    assert len(ended.stderr.splitlines()) == 1


def test_it_ends_within_its_grace_and_without_a_word_of_distress(crashing):
    with httpx.Client(timeout=PATIENCE) as client:  # a connection that stays open does not hold it up
        client.get(f"{crashing.url}/v2/health/live")
        assert crashing.stop() == 0
    assert "Traceback" not in crashing.log
    crashing.process = start(crashing.settings)
