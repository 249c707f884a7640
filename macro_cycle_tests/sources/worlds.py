"""A world of releases: what each series looked like on each of its vintage days, and its form in each source."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

from macro_cycle.warehouse import Warehouse

Snapshot = dict[pd.Timestamp, float]  # reference date -> value; absent: not in the vintage; NaN: published as missing
World = dict[str, dict[pd.Timestamp, Snapshot]]  # series -> vintage day -> snapshot

FIRST = pd.Timestamp("2019-01-01")
IDS = ["INDPRO", "UNRATE", "XYZ"]
MONTHS, VINTAGES = 4, 6


def month_end(number: int) -> pd.Timestamp:
    """Last day of the number-th month of the world."""
    return FIRST + pd.offsets.MonthEnd(number + 1)


@st.composite
def worlds(draw: st.DrawFn, missing: bool = False) -> World:
    """Three monthly series with a vintage at each month end: revised, withdrawn, late, rebased as chance has it.

    The first month is never withdrawn. `missing`: some values are published as missing.
    """
    values = st.sampled_from([1.0, 2.0, 3.0, *([float("nan")] if missing else [])])
    world: World = {}
    for series_id in IDS:
        begins = draw(st.integers(0, VINTAGES - 1))
        world[series_id] = {}
        for vintage in range(begins, VINTAGES):
            months = range(min(vintage, MONTHS - 1) + 1)
            held = [m for m in months if m == 0 or draw(st.booleans())]
            snapshot = {FIRST + pd.DateOffset(months=m - 1): draw(values) for m in held}
            world[series_id][month_end(vintage)] = snapshot
    return world


def vintage_days(world: World) -> list[pd.Timestamp]:
    """Every day on which something was released."""
    return sorted({day for history in world.values() for day in history})


def known_on(world: World, day: pd.Timestamp) -> dict[tuple[str, pd.Timestamp], float]:
    """The newest snapshot of each series by `day`, without what was published as missing."""
    known = {}
    for series_id, history in world.items():
        newest = max((vintage for vintage in history if vintage <= day), default=None)
        for date, value in history.get(newest, {}).items():
            if value == value:
                known[series_id, date] = value
    return known


def days_around(world: World) -> Iterator[pd.Timestamp]:
    """Each vintage day, the day before, and the day after."""
    for day in vintage_days(world):
        yield from (day - pd.Timedelta(days=1), day, day + pd.Timedelta(days=1))


def assert_tells(store: Warehouse, world: World) -> None:
    """On every day the rows of the store that hold are the world's."""
    rows = store.history().dropna(subset="value")
    ends = rows["realtime_end"].fillna(pd.Timestamp.max)
    for day in days_around(world):
        view = rows[(rows["realtime_start"] <= day) & (day < ends)]
        seen = dict(zip(zip(view["series_id"], view["date"], strict=True), view["value"], strict=True))
        assert seen == known_on(world, day), day


def write_fred_md(
    folder: Path, world: World, days: list[pd.Timestamp] | None = None, first: pd.Timestamp | None = None
) -> None:
    """The world's vintages (those of `days`) as FRED-MD files: a row for each month from `first` on, blank cells."""
    for day in vintage_days(world) if days is None else days:
        table = {s: history[day] for s, history in world.items() if day in history}
        months = pd.date_range(first or FIRST - pd.DateOffset(months=1), day - pd.offsets.MonthBegin(2), freq="MS")
        rows = [["sasdate", *table], ["Transform:", *("5" for _ in table)]]
        for month in months:
            cells = [table[s].get(month, float("nan")) for s in table]
            rows.append([f"{month:%-m/%-d/%Y}", *("" if c != c else f"{c:g}" for c in cells)])
        (folder / f"{day:%Y-%m}.csv").write_text("".join(",".join(row) + "\n" for row in rows))


def alfred_rows(world: World) -> list[tuple[str, str, str, str, str]]:
    """The world as ALFRED states it: a row for each stretch of vintages with one value, its end inclusive."""
    rows = []
    for series_id, history in world.items():
        days = sorted(history)
        for date in sorted({date for snapshot in history.values() for date in snapshot}):
            stretches: list[list] = []
            for number, day in enumerate(days):
                end = days[number + 1] - pd.Timedelta(days=1) if number + 1 < len(days) else None
                value = _text(history[day].get(date))
                if stretches and stretches[-1][0] == value:
                    stretches[-1][2] = end
                else:
                    stretches.append([value, day, end])
            rows += [
                (series_id, f"{date:%Y-%m-%d}", value, f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}" if end else "9999-12-31")
                for value, start, end in stretches
                if value is not None
            ]
    return rows


def alfred_frame(world: World) -> pd.DataFrame:
    """`alfred_rows` with the layout's column names."""
    return pd.DataFrame(alfred_rows(world), columns=["series_id", "date", "value", "realtime_start", "realtime_end"])


def _text(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:g}" if value == value else "."
