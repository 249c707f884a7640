"""A file is written whole or not at all, and nothing stays beside it, whenever the writer is killed."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from macro_cycle.platform import files
from macro_cycle.platform.files import write_whole

ROUND = """
import sys
from pathlib import Path
from macro_cycle.platform.files import write_whole
path, number = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    number += 1
    write_whole(path, str(number % 10).encode() * 3_000_000)
"""


def test_a_writer_that_is_killed_leaves_the_file_whole_and_nothing_else(tmp_path):
    path, chance = tmp_path / "calls.csv", random.Random(7)
    for _ in range(15):
        writer = subprocess.Popen([sys.executable, "-c", ROUND, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = path.read_bytes()
        assert len(content) == 3_000_000
        assert len(set(content)) == 1
    for other in set(tmp_path.iterdir()) - {path}:
        assert other.name.endswith(files.UNFINISHED)  # killed between naming and renaming, if ever
        os.utime(other, (0, 0))
    write_whole(path, b"whole")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("nameless", [True, False])
def test_a_disk_that_refuses_leaves_the_file_as_it_was(tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.setattr(files, "_nameless", lambda *_: None)
    path = tmp_path / "calls.csv"
    write_whole(path, b"before")
    monkeypatch.setattr(type(path), "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("nameless", [True, False])
def test_the_mode_is_that_asked_for(tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.setattr(files, "_nameless", lambda *_: None)
    write_whole(tmp_path / "secret", b"1", mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_an_abandoned_file_goes_with_the_next_writing_and_a_fresh_one_stays(tmp_path):
    old, fresh = (tmp_path / f".{name}{files.UNFINISHED}" for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    write_whole(tmp_path / "calls.csv", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [fresh.name, "calls.csv"]
