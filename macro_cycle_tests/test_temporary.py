"""Other runs of pytest leave this one its databases, and a run that passed leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[1]


def run(folder: Path, *options: str, passes: bool = True, **environment: str) -> None:
    """Another run of pytest, of one test that writes a file."""
    (folder / "test_it.py").write_text(f"def test_it(tmp_path):\n    (tmp_path / 'it').touch()\n    assert {passes}\n")
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    environment |= {"PYTHONPATH": str(ROOT), "PATH": ""}
    ended = subprocess.run([*command, *options, "test_it.py"], cwd=folder, env=environment, capture_output=True)
    assert ended.returncode == (not passes), ended.stdout


def test_another_run_of_pytest_leaves_this_one_its_databases(postgres_url, tmp_path):
    run(tmp_path)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")  # it opens the server's files anew


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("passes", [True, False])
def test_a_run_leaves_its_folder_only_when_a_test_failed(tmp_path, passes, processes):
    (shared := tmp_path / "shared").mkdir()
    run(tmp_path, "-p", "macro_cycle_tests.temporary", "-n", processes, passes=passes, TMPDIR=str(shared))
    assert any(shared.rglob("it")) is not passes
    assert not any(shared.glob("pytest-of-*"))
