import psutil
import pytest

from macro_cycle_tests.stack.running import Stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory):
    """The stack, up; what it leaves behind when it goes down fails the tests."""
    running = Stack.in_home(tmp_path_factory.mktemp("stack") / "home", MACRO_CYCLE_CYCLES="")
    try:
        running.cli("up")
        yield running
        family = [psutil.Process(pid) for pid in running.pids().values() if pid]
        family += [child for process in family for child in process.children(recursive=True)]
    finally:
        running.cli("down")
    assert [process for process in family if process.is_running()] == []
    assert [p for p in psutil.process_iter(["cmdline"]) if str(running.home) in " ".join(p.info["cmdline"] or [])] == []


@pytest.fixture(scope="package")
def first_run(stack: Stack) -> dict:
    """What `macro-cycle run` answers on a fresh stack."""
    return stack.answer("run")
