"""What a history says about its own revisions: which values changed when, and what a whole vintage has in common.

A history is the frame of `Warehouse.history`: series_id, date, value (NaN: published as missing or withdrawn),
realtime_start, realtime_end (NaT: current) and estimated, by series, date and realtime_start.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pandas.core.groupby import SeriesGroupBy

CELL = ["series_id", "date"]
MIN_COMMON = 6  # values that a vintage must have changed by one ratio to be called rebased
MIN_SHARE = 0.5  # of the values known before, how many must have changed
MIN_STEP = 0.005  # smallest log ratio that is taken for a new base
TIGHTNESS = 0.1  # largest spread of the log ratios, relative to their median, where they are one ratio
MIN_WHOLE = 0.9  # of the values known before, how many a new base with revised values must have changed
MIN_WHOLE_STEP = 0.02  # smallest log ratio of such a one
MAX_DRIFT = 0.5  # largest usual change of its ratio from period to period, relative to that of the series


def revisions(history: pd.DataFrame) -> pd.DataFrame:
    """One row per change of a value once published: the history's columns, and `before`, the value it replaced.

    `value` is NaN where it was withdrawn; a value that came back after that has NaN as `before`.
    """
    same_cell = (history[CELL] == history[CELL].shift()).all(axis=1)
    return history.assign(before=history["value"].shift())[same_cell].reset_index(drop=True)


def rebasings(history: pd.DataFrame, revised: pd.DataFrame | None = None) -> pd.DataFrame:
    """Vintages in which a series was put on another base or into other units: one ratio common to its values.

    The values may be revised on the same day, if the whole history moved and growth rates hardly changed. One row per
    such vintage: series_id, realtime_start; `factor`, new over old; `values` restated by it; `left`, how
    many values known before were left on the old base; `until`, the day from which none was (NaT: some still are).
    A base that only part of a history is put on makes a break in the vintage, and a false change of one period.
    """
    revised = revisions(history) if revised is None else revised
    moved = revised[(revised["value"] > 0) & (revised["before"] > 0)]
    steps = pd.Series(np.log(moved["value"] / moved["before"]), moved.index)
    vintage = steps.groupby([moved["series_id"], moved["realtime_start"]])
    found = pd.DataFrame(
        {"step": vintage.median(), "spread": _spread(vintage), "values": vintage.size(), "drift": _drift(moved, steps)}
    )
    tight = (found["step"].abs() > MIN_STEP) & (found["spread"] <= TIGHTNESS * found["step"].abs())
    loose = (found["step"].abs() > MIN_WHOLE_STEP) & (found["drift"] <= MAX_DRIFT)
    found = found.assign(tight=tight)[(tight | loose) & (found["values"] >= MIN_COMMON)].reset_index()
    known = [
        _left_behind(history, row.series_id, row.realtime_start, _before(row, found, moved)) for row in records(found)
    ]
    found[["left", "until"]] = pd.DataFrame(known, columns=["left", "until"], index=found.index)
    found["factor"] = np.exp(found["step"])
    share = found["tight"].map({True: MIN_SHARE, False: MIN_WHOLE}).astype(float)
    whole = found["values"] >= share * (found["values"] + found["left"])
    return found.loc[whole, ["series_id", "realtime_start", "factor", "values", "left", "until"]].reset_index(drop=True)


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as named tuples, whose fields have the types of their columns."""
    return iter(frame.itertuples())


def of_one(history: pd.DataFrame, series_id: str, date: pd.Timestamp) -> pd.DataFrame:
    """The story of one observation: known_from, value, change (against the value before), estimated."""
    rows = history[(history["series_id"] == series_id) & (history["date"] == date)]
    story = rows.rename(columns={"realtime_start": "known_from"})[["known_from", "value", "estimated"]]
    return story.assign(change=story["value"].diff()).reset_index(drop=True)


def as_known(history: pd.DataFrame, series_id: str, day: pd.Timestamp) -> pd.DataFrame:
    """A series as known on a day: date, value, known_from, and since its first release revisions and revised_by."""
    past = history[(history["series_id"] == series_id) & (history["realtime_start"] <= day)]
    told = past.dropna(subset="value").groupby("date")["value"].agg(first="first", releases="size")
    current = past[~(past["realtime_end"] <= day)].dropna(subset="value").set_index("date")
    view = current[["value", "realtime_start", "estimated"]].join(told)
    view = view.assign(revisions=view["releases"] - 1, revised_by=view["value"] - view["first"])
    columns = ["date", "value", "known_from", "estimated", "revisions", "revised_by"]
    return view.rename(columns={"realtime_start": "known_from"}).reset_index()[columns]


def _spread(steps: "SeriesGroupBy") -> pd.Series:
    """Distance of the 10th and 90th percentiles."""
    return steps.quantile(0.9) - steps.quantile(0.1)


def _drift(moved: pd.DataFrame, steps: pd.Series) -> pd.Series:
    """By vintage, the usual change of the ratio from one period to the next, in usual growths of the series."""
    ratio = steps.groupby([moved["series_id"], moved["realtime_start"]]).diff().abs()
    growth = np.log(moved["value"]).groupby([moved["series_id"], moved["realtime_start"]]).diff().abs()
    by = [moved["series_id"], moved["realtime_start"]]
    return ratio.groupby(by).median() / growth.groupby(by).median()


def _before(row: Any, found: pd.DataFrame, moved: pd.DataFrame) -> pd.Series:
    """Dates that earlier vintages had put on the base that this one puts the rest on."""
    alike = (found["series_id"] == row.series_id) & ((found["step"] - row.step).abs() < MIN_STEP)
    days = found.loc[alike & (found["realtime_start"] < row.realtime_start), "realtime_start"]
    return moved.loc[(moved["series_id"] == row.series_id) & moved["realtime_start"].isin(days), "date"]


def _left_behind(history: pd.DataFrame, series_id: str, day: pd.Timestamp, done: pd.Series) -> tuple[int, pd.Timestamp]:
    """How many values known before `day` that day's vintage left on the old base, and when the last of them changed."""
    rows = history[(history["series_id"] == series_id) & (history["realtime_start"] < day) & history["value"].notna()]
    left = rows[~(rows["realtime_end"] <= day) & ~rows["date"].isin(done)]
    until = day if left.empty else left["realtime_end"].max(skipna=False)
    return len(left), until
