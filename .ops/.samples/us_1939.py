"""Write `examples/us_1939/latest.csv`: US series from 1919, 1939 or 1948, linked to the American sample at 1959.

The early values are those of the St. Louis Fed's series as Debian's package gretl-data (2022c-1) holds them.

usage: apt-get download gretl-data && dpkg-deb -x gretl-data_*.deb gretl
       python .ops/.samples/us_1939.py gretl/usr/share/gretl/db/fedstl
"""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "macro_cycle" / "sources" / "sample" / "latest.csv"
LINKED_BY_RATIO = ("INDPRO", "PAYEMS", "MANEMP", "USGOOD", "AWHMAN")
LINKED_AS_IT_IS = ("UNRATE",)
LINK = slice("1959-01-01", "1959-12-01")
MISSING = -999.0
DIGITS = 7  # of a four-byte float


def main(database: Path) -> None:
    """Write the file."""
    early = monthly_series(database, {*LINKED_BY_RATIO, *LINKED_AS_IT_IS})
    late = pd.read_csv(SAMPLE, index_col="date", parse_dates=["date"], float_precision="round_trip")
    columns = {name: linked(early[name], late[name].dropna(), name in LINKED_BY_RATIO) for name in sorted(early)}
    table = pd.DataFrame(columns).rename_axis("date")
    table.to_csv(ROOT / "examples" / "us_1939" / "latest.csv", lineterminator="\n", date_format="%Y-%m-%d")


def linked(early: pd.Series, late: pd.Series, by_ratio: bool) -> pd.Series:
    """The late series, before it the early one in its units: times the ratio of their means over a year of both."""
    ratio = late[LINK].mean() / early[LINK].mean() if by_ratio else 1.0
    before = early[early.index < late.index[0]] * ratio
    return pd.concat([before.map(lambda value: float(f"{value:.{DIGITS}g}")), late])


def monthly_series(database: Path, names: set[str]) -> dict[str, pd.Series]:
    """Monthly series of a database of gretl, by name in capitals.

    The index names each in two lines, the second with its span and number of values; these follow each other in the
    other file as little-endian four-byte floats.
    """
    lines = database.with_suffix(".idx").read_text(encoding="latin-1").splitlines()[1:]
    values = np.fromfile(database.with_suffix(".bin"), "<f4").astype(float)
    found, start = {}, 0
    for title, span in zip(lines[::2], lines[1::2], strict=True):
        name, (first, count) = title.split()[0].upper(), re.match(r"\w\s+(\S+) - \S+\s+n = (\d+)", span).groups()
        if name in names:
            index = pd.date_range(first.replace(".", "-"), periods=int(count), freq="MS")
            own = pd.Series(values[start : start + int(count)], index)
            found[name] = own[own != MISSING]
        start += int(count)
    if start != len(values) or names - found.keys():
        raise SystemExit(f"{database} is not the database that the file was made of")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
