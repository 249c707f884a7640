"""One figure beside its target, and the record of a suite's figures."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """What was measured; target is a sentence like ">= 10", met says whether the value fulfils it."""

    figure: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    peer: str = ""
    peer_value: float | None = None


def figure(
    name: str, value: float, unit: str, target: str = "", peer: str = "", peer_value: float | None = None
) -> Figure:
    """A figure judged by its target, `>= number` or `<= number`, or none."""
    met = None
    if target:
        sign, limit = target.split()
        met = bool(value >= float(limit) if sign == ">=" else value <= float(limit))
    return Figure(name, float(value), unit, target, met, peer, peer_value)


def median_cpu_seconds(works: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Median CPU seconds of each work; the works take turns, after one turn that does not count."""
    seconds: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        for work, own in zip(works, seconds, strict=True):
            start = time.process_time()
            work()
            if turn:
                own.append(time.process_time() - start)
    return [statistics.median(own) for own in seconds]


def write(name: str, figures: Sequence[Figure]) -> Path:
    """Write a suite's figures as JSON."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    record = {"name": name, "commit": _commit(), "machine": _machine(), "figures": [asdict(f) for f in figures]}
    path.write_text(json.dumps(record, indent=2) + "\n")
    return path


def _commit() -> str:
    answer = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
