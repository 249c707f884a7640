"""A file's tests run in one process, and so do all that share the stack."""

import subprocess
import sys
from pathlib import Path

import pytest

from macro_cycle_tests.spreading import SHARING_THE_STACK, unnamed

ROOT = Path(__file__).parents[1]
CONFTEST = """
from macro_cycle_tests.spreading import ByGroup, slowest_first

def pytest_xdist_make_scheduler(config, log):
    return ByGroup(config, log)

def pytest_collection_modifyitems(items):
    items[:] = slowest_first(items)
"""
TESTS = """
import pytest

{mark}
@pytest.mark.parametrize("number", range(6))
def test_it(number, worker_id):
    with open({said!r}, "a") as file:
        print(__file__, worker_id, file=file)
"""


@pytest.mark.slow
def test_a_group_stays_in_one_process_and_the_slow_go_first(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    files = [tmp_path / path for path in (*sorted(SHARING_THE_STACK)[:2], "test_a.py", "test_b.py", "test_c.py")]
    for file in files:
        mark = "@pytest.mark.slow" if file.name == "test_c.py" else ""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TESTS.format(mark=mark, said=str(tmp_path / "said")))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    options = ["--rootdir", str(tmp_path), "-c", "/dev/null", "--import-mode=importlib", str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    subprocess.run([*command, *options], cwd=tmp_path, env=environment, check=True, capture_output=True)
    ran = [line.rsplit(" ", 1) for line in (tmp_path / "said").read_text().splitlines()]
    assert len(ran) == 6 * len(files)
    where = {file: {worker for ran_file, worker in ran if ran_file == str(file)} for file in files}
    assert {len(workers) for workers in where.values()} == {1}
    assert where[files[0]] == where[files[1]]
    assert {file for file, _ in ran[:2]} <= {str(files[0]), str(files[-1])}


def test_every_file_that_asks_for_the_stack_is_named_among_those_that_share_it(request):
    assert not unnamed(request.session.items), f"add these files to SHARING_THE_STACK of {unnamed.__module__}"
    request.node.fixturenames.append("stack")
    assert unnamed([request.node]) == {"macro_cycle_tests/test_spreading.py"}
