"""Whatever is done to a published record but adding to it is found, by line; a killed writer leaves nothing to find."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.publication.ledger import Draft, Ledger
from macro_cycle.publication.verification import verify

REWRITING = """
import itertools, sys
from pathlib import Path
from macro_cycle.publication.ledger import Draft, Ledger
for n in itertools.count():
    with Ledger(Path(sys.argv[1])).opened() as opened:
        opened.append([Draft("answer", {"text": "x" * 5000, "n": n}) for _ in range(3)])
    print(n, flush=True)
"""
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def add(path: Path, *documents: dict) -> None:
    with Ledger(path).opened() as opened:
        opened.append([Draft("answer", document) for document in documents])


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def record(tmp_path) -> list[bytes]:
    """The lines of a record of seven entries."""
    path = tmp_path / "us.jsonl"
    for n in range(7):
        add(path, {"probability": n / 7})
    return lines_of(path)


def problems(lines: list[bytes], head: str | None = None) -> list[tuple[int, str]]:
    return [(problem.line, problem.what) for problem in verify(b"".join(lines), head).problems]


@in_one_folder
@given(batches=st.lists(st.lists(bodies, max_size=3), min_size=1, max_size=4))
def test_whatever_is_said_is_read_back_and_holds(tmp_path, batches):
    path = tmp_path / "any.jsonl"
    path.unlink(missing_ok=True)
    for batch in batches:
        add(path, *batch)
    found = verify(path.read_bytes())
    assert not found.problems
    assert [entry.body for entry in found.entries] == [body for batch in batches for body in batch]


def test_the_chain_is_checked_with_nothing_but_json_and_sha256(record):
    before = "0" * 64
    for number, line in enumerate(record, start=1):
        content, _, rest = line.rstrip(b"\n").rpartition(b',"digest":"')
        document = json.loads(line)
        assert (document["entry"], document["previous"]) == (number, before)
        before = hashlib.sha256(content).hexdigest()
        assert rest.decode() == f'{before}"}}'


@in_one_folder
@given(data=st.data())
def test_a_changed_byte_is_found_in_its_line(record, data):
    number = data.draw(st.integers(0, len(record) - 1))
    line = record[number]
    at = data.draw(st.integers(0, len(line) - 2))
    byte = data.draw(st.integers(32, 126).filter(lambda b: b != line[at]))
    changed = [*record[:number], line[:at] + bytes([byte]) + line[at + 1 :], *record[number + 1 :]]
    assert number + 1 in [line for line, _ in problems(changed)]


@in_one_folder
@given(first=st.integers(0, 5), many=st.integers(1, 5))
def test_removed_entries_are_named(record, first, many):
    rest = record[:first] + record[first + many :]
    if first + many >= len(record):
        assert problems(rest) == []
        assert "entries were cut off" in problems(rest, json.loads(record[-1])["digest"])[0][1] if rest else True
        return
    [(line, what)] = problems(rest)
    assert line == first + 1
    assert what.endswith("missing before it")
    assert f"holds entry {first + many + 1}" in what


@in_one_folder
@given(order=st.permutations(range(7)).filter(lambda order: list(order) != sorted(order)))
def test_another_order_is_found(record, order):
    assert problems([record[n] for n in order])


def test_an_entry_written_again_with_a_hash_of_its_own_breaks_what_follows(record, tmp_path):
    forged = tmp_path / "forged.jsonl"
    forged.write_bytes(b"".join(record[:3]))
    add(forged, {"probability": 0.99})
    [(line, what)] = problems([*lines_of(forged), *record[4:]])
    assert (line, what) == (5, "does not follow from entry 4, which was altered or written again")


def test_a_record_cut_short_or_written_again_is_found_by_a_head_that_was_noted(record, tmp_path):
    noted = json.loads(record[5])["digest"]
    assert problems(record, noted) == problems(record, noted[:12]) == []
    [(line, what)] = problems(record[:5], noted)
    assert line == 5
    assert "cut off or written again" in what
    again = tmp_path / "again.jsonl"
    for n in range(7):
        add(again, {"probability": n / 8})
    assert problems(lines_of(again)) == []
    assert problems(lines_of(again), noted)


@pytest.mark.parametrize("head", ["abc", "g" * 64, "0" * 65])
def test_a_head_that_is_none_is_one_line(record, head):
    with pytest.raises(MacroCycleError, match="is no digest"):
        problems(record, head)


@in_one_folder
@given(cut=st.integers(1, 60))
def test_an_unfinished_line_is_named_and_taken_away_by_the_next_writer(record, tmp_path, cut):
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(record)[:-cut])
    [(line, what)] = problems([path.read_bytes()])
    assert (line, what.split(":")[0]) == (7, "is unfinished")
    add(path, {"after": "the cut"})
    assert verify(path.read_bytes()).problems == ()
    assert lines_of(path)[:6] == record[:6]


def test_nothing_is_added_to_a_record_that_was_altered(record, tmp_path):
    path = tmp_path / "us.jsonl"
    altered = b"".join(record).replace(b"0.14285714285714285", b"0.94285714285714285")
    path.write_bytes(altered)
    with pytest.raises(MacroCycleError, match=r"line 2 of .* was altered"):
        add(path, {})
    assert path.read_bytes() == altered


def test_a_full_disk_leaves_the_record_as_it_was(record, tmp_path, monkeypatch):
    path = tmp_path / "us.jsonl"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        add(path, {"more": 1})
    assert lines_of(path) == record


def test_two_writers_at_once_make_one_chain(tmp_path):
    path = tmp_path / "us.jsonl"
    writers = [threading.Thread(target=lambda: [add(path, {"n": n}) for n in range(20)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = verify(path.read_bytes())
    assert (len(found.entries), found.problems) == (80, ())


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_a_record_that_goes_on(tmp_path):
    path, heads = tmp_path / "us.jsonl", []
    for written in range(1, 7):
        writer = subprocess.Popen(
            [sys.executable, "-c", REWRITING, str(path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
        )
        for _ in range(written):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        add(path, {"resumed": written})
        found = verify(path.read_bytes())
        assert found.problems == ()
        assert all(head in {entry.digest for entry in found.entries} for head in heads)
        heads.append(found.head)
