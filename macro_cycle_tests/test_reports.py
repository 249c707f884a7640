"""A test may log what UTF-8 cannot hold; the run goes on, and a failure shows it escaped."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_lone_surrogate_in_a_log_ends_no_run_and_is_shown_escaped(tmp_path, processes):
    logs = "import logging\n\ndef test_it():\n    logging.warning('\\ud9cc as typed')\n    assert False\n"
    (tmp_path / "test_it.py").write_text(logs + "\ndef test_more():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    options = ["-p", "macro_cycle_tests.reports", "-n", processes, "test_it.py"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    ended = subprocess.run([*command, *options], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "1 failed, 1 passed" in ended.stdout
    assert "\\ud9cc as typed" in ended.stdout
