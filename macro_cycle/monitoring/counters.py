"""Counts that survive a restart: kept in memory, written whole to one small file, never in the way of what they count.

What is read at a scrape has been written before, so a killed process never comes back with less than it has shown.
"""

import json
import math
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from macro_cycle.platform.files import write_whole

Labels = tuple[str, ...]
Kept = dict[str, dict[Labels, list[float]]]


@dataclass(frozen=True)
class Count:
    """A number that only grows, one per combination of label values. `name` has no `_total`."""

    name: str
    text: str
    labels: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many numbers are kept for each combination."""
        return 1

    def family(self, kept: Mapping[Labels, Sequence[float]]) -> Metric:
        """The numbers as Prometheus takes them."""
        family = CounterMetricFamily(self.name, self.text, labels=self.labels)
        for labels, (value,) in kept.items():
            family.add_metric(labels, value)
        return family


@dataclass(frozen=True)
class Durations(Count):
    """How long something took, as a histogram; `bounds` are the buckets' upper bounds in seconds, ascending."""

    bounds: tuple[float, ...]

    @property
    def width(self) -> int:
        """The sum, then the observations of each bucket, the unbounded one last."""
        return len(self.bounds) + 2

    def family(self, kept: Mapping[Labels, Sequence[float]]) -> Metric:
        """The histogram as Prometheus takes it, its buckets cumulative."""
        family = HistogramMetricFamily(self.name, self.text, labels=self.labels)
        names = [*(repr(bound) for bound in self.bounds), "+Inf"]
        for labels, (total, *counts) in kept.items():
            cumulative = [sum(counts[: number + 1]) for number in range(len(counts))]
            family.add_metric(labels, list(zip(names, cumulative, strict=True)), total)
        return family


class Counters:
    """The counts of one process, restored from `file` and kept there; safe to use from several threads.

    A file that is missing or damaged counts as none: Prometheus takes the return to zero for the restart it is.
    """

    def __init__(self, counts: Sequence[Count], file: Path) -> None:
        self._counts = {count.name: count for count in counts}
        self._file = file
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._kept = _read(counts, file)

    def add(self, name: str, *labels: str) -> None:
        """Count one."""
        with self._lock:
            self._numbers(name, labels)[0] += 1

    def begin(self, name: str, *labels: str) -> None:
        """Show zero until the first is counted, so that the first is an increase too."""
        with self._lock:
            self._numbers(name, labels)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Count one duration."""
        count = self._counts[name]
        assert isinstance(count, Durations)
        with self._lock:
            numbers = self._numbers(name, labels)
            numbers[0] += seconds
            numbers[1 + bisect_left(count.bounds, seconds)] += 1

    def write(self) -> bool:
        """Keep the counts; whether the disk took them. What it did not take stays in memory for the next time."""
        with self._writing:
            text = json.dumps({name: [*kept.items()] for name, kept in self._copy().items()})
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self._file, text.encode())
            except OSError:
                return False
        return True

    def collect(self) -> Iterator[Metric]:
        """The counts as Prometheus takes them, written before they are shown."""
        self.write()
        kept = self._copy()
        return (count.family(kept[name]) for name, count in self._counts.items())

    def _numbers(self, name: str, labels: Labels) -> list[float]:
        kept = self._kept[name]
        if labels not in kept:
            kept[labels] = [0.0] * self._counts[name].width
        return kept[labels]

    def _copy(self) -> Kept:
        with self._lock:
            return {name: {labels: list(n) for labels, n in kept.items()} for name, kept in self._kept.items()}


def kept_counts(counts: Sequence[Count], file: Path) -> list[Metric]:
    """What a process that does not answer had counted when it last wrote."""
    kept = _read(counts, file)
    return [count.family(kept[count.name]) for count in counts]


def _read(counts: Sequence[Count], file: Path) -> Kept:
    try:
        document = json.loads(file.read_text("utf-8"))
        return {count.name: dict(_row(count, *row) for row in document.get(count.name, [])) for count in counts}
    except (OSError, ValueError, TypeError, AttributeError):
        return {count.name: {} for count in counts}


def _row(count: Count, labels: Any, numbers: Any) -> tuple[Labels, list[float]]:
    values = [float(number) for number in numbers]
    fits = len(labels) == len(count.labels) and len(values) == count.width
    if not fits or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"the numbers kept for {count.name} are of another kind")
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError(f"a number kept for {count.name} cannot be a count")
    return tuple(labels), values
