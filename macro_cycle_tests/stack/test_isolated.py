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


ALARMED = """
import os, signal, sys, time
from pathlib import Path
from macro_cycle.stack import isolated

def down(_):
    time.sleep(1.0)
    print("down", flush=True)

def alarmed_at_its_end(which, seconds, setitimer=signal.setitimer, came=[]):
    if seconds == 0 and not came:
        came.append(True)
        os.kill(os.getpid(), signal.SIGALRM)
    return setitimer(which, seconds)

isolated.up, isolated.down, isolated.AGAIN_SECONDS = lambda *_: None, down, 0.1
signal.setitimer = alarmed_at_its_end
with isolated.isolated_stack(Path(sys.argv[1])):
    pass
"""


def ended(callback: str, other: str) -> tuple[int, str]:
    return run(PROGRAM.format(callback=callback, other=other))


def run(program: str, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-c", program, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return found.returncode, found.stdout


def test_a_termination_unwinds_the_process():
    assert ended("None", "told(None)") == (128 + signal.SIGTERM, "unwound\n")


def test_a_termination_in_a_callback_that_passes_over_exceptions_unwinds_it_too():
    assert ended("told", "") == (128 + signal.SIGTERM, "unwound\n")


def test_an_alarm_just_as_the_stack_is_to_go_down_does_not_cut_its_end_short(tmp_path):
    assert run(ALARMED, str(tmp_path)) == (128 + signal.SIGTERM, "down\n")
