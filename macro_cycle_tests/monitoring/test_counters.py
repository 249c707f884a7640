"""Counts outlive their process, never shrink before the eyes of Prometheus, and never harm what they count."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from macro_cycle.monitoring.counters import Count, Counters, Durations, kept_counts

REQUESTS = Count("requests", "Requests", ("outcome",))
LATENCY = Durations("latency_seconds", "Latency", ("protocol",), (0.001, 0.01, 0.1))
COUNTS = [REQUESTS, LATENCY]


def shown(source) -> dict[tuple, float]:
    families = source.collect() if hasattr(source, "collect") else source
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


@given(st.lists(st.sampled_from([0.0005, 0.001, 0.0011, 0.05, 0.1, 5.0]), min_size=1, max_size=30))
def test_a_histogram_shows_what_prometheus_own_client_shows(tmp_path_factory, durations):
    counters = Counters(COUNTS, tmp_path_factory.mktemp("counts") / "counts.json")
    registry = CollectorRegistry()
    theirs = Histogram("latency_seconds", "Latency", ["protocol"], buckets=LATENCY.bounds, registry=registry)
    requests = Counter("requests", "Requests", ["outcome"], registry=registry)
    for duration in durations:
        counters.observe("latency_seconds", duration, "v1")
        counters.add("requests", "answered")
        theirs.labels("v1").observe(duration)
        requests.labels("answered").inc()
    expected = {key: value for key, value in shown(registry).items() if not key[0].endswith("_created")}
    assert shown(counters) == pytest.approx(expected)


def test_what_was_counted_is_there_after_a_restart_and_goes_on(tmp_path):
    file = tmp_path / "counts.json"
    first = Counters(COUNTS, file)
    first.add("requests", "failed")
    first.observe("latency_seconds", 0.02, "v2")
    before = shown(first)
    second = Counters(COUNTS, file)
    assert shown(second) == before
    second.add("requests", "failed")
    assert shown(second)["requests_total", ("outcome", "failed")] == 2


COUNTING = """
import sys
from pathlib import Path
from macro_cycle_tests.monitoring.test_counters import COUNTS, Counters, shown
counters = Counters(COUNTS, Path(sys.argv[1]))
while True:
    counters.add("requests", "answered")
    print(int(shown(counters)["requests_total", ("outcome", "answered")]), flush=True)
"""


def test_a_killed_process_never_comes_back_with_less_than_it_has_shown(tmp_path):
    file = tmp_path / "counts.json"
    program = [sys.executable, "-W", "ignore", "-c", COUNTING, str(file)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    seen = max(int(line) for line in lines if line.endswith("\n"))
    assert shown(Counters(COUNTS, file))["requests_total", ("outcome", "answered")] >= seen


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"requests": 1}',
        b'{"requests": [[["answered"], ["many"]]]}',
        b'{"requests": [[["answered"], [NaN]]]}',
        b'{"requests": [[["answered"], [-1]]]}',
        b'{"requests": [[["answered", "more"], [1]]]}',
        b'{"latency_seconds": [[["v1"], [1, 2]]]}',
    ],
)
def test_a_damaged_file_counts_as_none_and_is_replaced(tmp_path, damage):
    file = tmp_path / "counts.json"
    file.write_bytes(damage)
    assert shown(kept_counts(COUNTS, file)) == {}
    counters = Counters(COUNTS, file)
    counters.add("requests", "answered")
    assert shown(counters) == {("requests_total", ("outcome", "answered")): 1}
    assert shown(kept_counts(COUNTS, file)) == shown(counters)


def test_a_disk_that_takes_nothing_stops_no_count(tmp_path):
    folder = tmp_path / "metrics"
    counters = Counters(COUNTS, folder / "counts.json")
    folder.write_text("a file where the folder should be")
    counters.add("requests", "answered")
    assert counters.write() is False
    assert shown(counters) == {("requests_total", ("outcome", "answered")): 1}
    folder.unlink()
    assert counters.write() is True
    assert shown(kept_counts(COUNTS, folder / "counts.json")) == shown(counters)


def test_the_files_do_not_grow_in_number_or_size(tmp_path):
    sizes = []
    for _ in range(20):
        counters = Counters(COUNTS, tmp_path / "counts.json")
        counters.add("requests", "answered")
        counters.write()
        sizes.append(len((tmp_path / "counts.json").read_bytes()))
    assert [path.name for path in tmp_path.iterdir()] == ["counts.json"]
    assert max(sizes) <= min(sizes) + 2


def test_threads_lose_no_count(tmp_path):
    counters = Counters(COUNTS, tmp_path / "counts.json")

    def count() -> None:
        for _ in range(2000):
            counters.add("requests", "answered")
        counters.write()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown(counters)["requests_total", ("outcome", "answered")] == 8000
    assert json.loads((tmp_path / "counts.json").read_text())["requests"] == [[["answered"], [8000.0]]]


def test_the_exposition_is_what_prometheus_reads(tmp_path):
    counters = Counters(COUNTS, tmp_path / "counts.json")
    counters.observe("latency_seconds", 0.05, 'a "quoted" name')
    registry = CollectorRegistry()
    registry.register(counters)  # type: ignore[arg-type]
    text = generate_latest(registry).decode()
    assert 'latency_seconds_bucket{le="0.1",protocol="a \\"quoted\\" name"} 1.0' in text
