"""Run benchmark suites, all of them by default: `python -m benchmarks [suite ...] [--vintages FOLDER]`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.figures import Figure, write

SIGNS = {True: "yes", False: "NO", None: ""}


def main(arguments: list[str]) -> int:
    """Measure, print and record each suite; returns what the process exits with."""
    parser = ArgumentParser("python -m benchmarks", description="Measure, print and record suites of figures.")
    parser.add_argument("names", nargs="*", metavar="suite", help="all of them where none is named")
    parser.add_argument("--vintages", type=Path, metavar="FOLDER", help="FRED-MD files for the suites that read some")
    asked = parser.parse_args(arguments)
    modules = {m.name: import_module(f"benchmarks.{m.name}") for m in iter_modules(benchmarks.__path__)}
    suites = {name: module.measure for name, module in modules.items() if hasattr(module, "measure")}
    unknown = [name for name in asked.names if name not in suites]
    if unknown:
        print(f"no suite {', '.join(unknown)}: the suites are {', '.join(suites)}", file=sys.stderr)
        return 1
    for name in asked.names or suites:
        measure = suites[name]
        figures = measure(asked.vintages) if "vintages" in signature(measure).parameters else measure()
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
