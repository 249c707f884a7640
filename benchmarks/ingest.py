"""How long it takes to import twenty years of FRED-MD vintages, every column, into an empty warehouse."""

import tempfile
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.databases import empty_warehouse
from benchmarks.figures import Figure, figure
from macro_cycle.observations import Catalog
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.batches import in_batches

VINTAGES = 240
COLUMNS = 118


def measure() -> list[Figure]:
    """Write the vintages, then read, check and merge them as `macro-cycle import` does, and once more."""
    with tempfile.TemporaryDirectory() as folder, empty_warehouse() as warehouse:
        write_vintages(Path(folder), VINTAGES, COLUMNS)
        first, rows = _seconds(warehouse, folder)
        again, _ = _seconds(warehouse, folder)
    cells = VINTAGES * COLUMNS * 12 * 57
    return [
        figure("import of 20 years of FRED-MD vintages", first, "s", "<= 30"),
        figure("the same import again", again, "s"),
        figure("facts merged", rows, "rows"),
        figure("cells read", cells / first, "per second"),
    ]


def write_vintages(folder: Path, vintages: int, columns: int) -> None:
    """Vintages up to the sample's last month: the sample's series scaled, revised as FRED-MD's are, ragged at the end.

    The last year is revised by each vintage, five years once a year, and everything where an index is rebased.
    """
    rng = np.random.default_rng(0)
    file = str(files("macro_cycle.sources") / "sample" / "latest.csv")
    sample = pd.read_csv(file, index_col="date", parse_dates=["date"])
    whole = sample.interpolate().bfill().iloc[:, np.arange(columns) % sample.shape[1]]
    values = whole.to_numpy() * rng.uniform(0.5, 2, columns)
    names = [name if number < sample.shape[1] else f"{name}{number}" for number, name in enumerate(whole.columns)]
    for months in range(len(values) - vintages + 1, len(values) + 1):
        values[months - 12 : months] *= rng.normal(1, 1e-4, (12, columns))
        if months % 12 == 0:
            values[months - 60 : months] *= rng.normal(1, 1e-3, (60, columns))
        values[:months, rng.random(columns) < 1 / 60] *= rng.uniform(0.9, 1.1)
        _write(folder, values[:months].round(4), whole.index[:months], names, rng.random(columns) < 0.3)


def _write(folder: Path, values: np.ndarray, months: pd.Index, names: list[str], late: np.ndarray) -> None:
    table = pd.DataFrame(values, index=pd.DatetimeIndex(months).strftime("%-m/%-d/%Y"), columns=names)
    table.iloc[-1, late] = np.nan
    vintage = pd.Period(months[-1], "M") + 1
    rows = ["sasdate," + ",".join(names), "Transform:" + ",5" * len(names)]
    (folder / f"{vintage}.csv").write_text("\n".join(rows) + "\n" + table.to_csv(header=False))


def _seconds(warehouse: Warehouse, folder: str) -> tuple[float, int]:
    start = time.perf_counter()
    source = FredMd(folder, Catalog.load(), known=warehouse.facts)
    with warehouse.exclusively() as ingest:
        observations = source.observations(source.available())
        for part in in_batches(observations, warehouse.newest_fact(source.available())):
            ingest(part, source=source.name)
    return time.perf_counter() - start, len(observations)
