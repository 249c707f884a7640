"""Run benchmark suites: `python -m benchmarks [suite ...]`, all of them by default."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.figures import Figure, write

SIGNS = {True: "yes", False: "NO", None: ""}


def main(names: list[str]) -> int:
    """Measure, print and record each suite; returns the number of suites that do not exist."""
    suites = {m.name: f"benchmarks.{m.name}" for m in iter_modules(benchmarks.__path__)}
    suites = {name: path for name, path in suites.items() if hasattr(import_module(path), "measure")}
    unknown = [name for name in names if name not in suites]
    if unknown:
        print(f"no suite {', '.join(unknown)}: the suites are {', '.join(suites)}", file=sys.stderr)
        return 1
    for name in names or suites:
        figures = import_module(suites[name]).measure()
        Console().print(_table(name, figures))
        Console().print(f"written to {write(name, figures)}")
    return 0


def _table(name: str, figures: list[Figure]) -> Table:
    table = Table("figure", "value", "unit", "target", "met", "peer", "peer value", title=name)
    for f in figures:
        peer_value = "" if f.peer_value is None else f"{f.peer_value:.4g}"
        table.add_row(f.figure, f"{f.value:.4g}", f.unit, f.target, SIGNS[f.met], f.peer, peer_value)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
