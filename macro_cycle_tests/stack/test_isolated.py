"""A process that runs a stack of its own unwinds upon SIGTERM, wherever it is when it comes."""

import signal
import subprocess
import sys

from macro_cycle_tests.patience import PATIENCE

PROGRAM = """
import os, signal, time, weakref
from macro_cycle.stack.isolated import terminable

class Thing:
    pass

def told(_):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass

with terminable() as unwinding:
    try:
        thing = Thing()
        reference = weakref.ref(thing, {callback})
        del thing
        {other}
        while True:
            time.sleep(60)
    finally:
        unwinding()
        print("unwound", flush=True)
"""


def ended(callback: str, other: str) -> tuple[int, str]:
    program = PROGRAM.format(callback=callback, other=other)
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return found.returncode, found.stdout


def test_a_termination_unwinds_the_process():
    assert ended("None", "told(None)") == (128 + signal.SIGTERM, "unwound\n")


def test_a_termination_in_a_callback_that_passes_over_exceptions_unwinds_it_too():
    assert ended("told", "") == (128 + signal.SIGTERM, "unwound\n")
