"""Rows that hold from one day to another, as ALFRED states them, and the facts that they amount to."""

import numpy as np
import pandas as pd

from macro_cycle.sources.base import COLUMNS, SourceError
from macro_cycle.sources.schema import KEY, refusal

OPEN_END = "9999-12-31"
CELL = ["series_id", "date"]
MISSING = frozenset({"", ".", "na", "nan", "n/a", "#n/a", "null", "none", "<na>"})
DAY = pd.Timedelta(days=1)


def facts_of(intervals: pd.DataFrame, source: str) -> pd.DataFrame:
    """An observations frame with a row for each change: the day on which a value began to hold.

    `intervals` has series_id, date, value (NaN: published as missing), realtime_start and realtime_end, the last day
    on which the row held (NaT: it still does). Rows that follow each other with the same value are one. A row that
    ended while no other took its place was withdrawn: its value is NaN from the day after.

    Raises:
        SourceError: two rows of an observation hold on the same day.
    """
    rows = intervals.drop_duplicates().sort_values(KEY, kind="stable", ignore_index=True)
    same_cell = (rows[CELL] == rows[CELL].shift()).all(axis=1)
    day_after = rows["realtime_end"] + DAY
    follows = same_cell & (rows["realtime_start"] == day_after.shift())
    _refuse_overlaps(rows, same_cell & ~follows & ~(rows["realtime_start"] > day_after.shift()), source)
    before = rows["value"].shift()
    same_value = (rows["value"] == before) | (rows["value"].isna() & before.isna())
    began = rows[~(follows & same_value)]
    withdrawn = day_after.notna() & ~follows.shift(-1, fill_value=False)
    ended = rows[withdrawn].assign(realtime_start=day_after[withdrawn], value=np.nan)
    facts = pd.concat([began, ended[rows.loc[withdrawn, "value"].notna()]]).sort_values(KEY, kind="stable")
    return facts.assign(estimated=False)[list(COLUMNS)].reset_index(drop=True)


def days(texts: pd.Series) -> pd.Series:
    """Days written YYYY-MM-DD (a time of day is dropped); NaT for anything else, and for ALFRED's open end."""
    written = texts.astype("string").str.strip().str.slice(0, 10)
    return pd.to_datetime(written.mask(written == OPEN_END), format="%Y-%m-%d", errors="coerce").astype(
        "datetime64[ns]"
    )


def numbers(texts: pd.Series) -> pd.Series:
    """FRED's values as floats: NaN for its "." and for an empty text; NaN, too, where there is no number."""
    readable = pd.to_numeric(texts, errors="coerce").notna()
    exact = texts[readable].astype(object).astype(float)  # to_numeric may be off by a unit in the last place
    return exact.reindex(texts.index)


def is_missing(texts: pd.Series) -> pd.Series:
    """Whether a value is stated as missing: FRED's ".", an empty text, or what R, Python, Excel and SQL write."""
    return texts.isna() | texts.astype("string").str.strip().str.lower().isin(MISSING).fillna(True)


def _refuse_overlaps(rows: pd.DataFrame, overlaps: pd.Series, source: str) -> None:
    if overlaps.any():
        clashing = rows[overlaps]
        raise SourceError(
            refusal(
                source,
                [
                    f"{row.series_id} {row.date:%Y-%m-%d} known from {row.realtime_start:%Y-%m-%d}: "
                    "an earlier row still holds on that day"
                    for row in clashing.itertuples()
                ],
            )
        )
