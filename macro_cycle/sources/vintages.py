"""From whole vintages to the facts that tell them, beside what a store was told before.

A vintage states every cell of its table. Twenty years of them are twenty million statements, nearly all of which say
what the one before said, so only the changes become facts. Which those are depends on a vintage's neighbours, and these
may be in the store already, when vintages arrive late, one by one or corrected. Each vintage leaves at least one fact
for each of its series, so that the store knows its day.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.observations.frequencies import month_number, month_start
from macro_cycle.sources.base import COLUMNS

MONTHS = 12 * 2263  # one row per month that a timestamp can name, counted from year 0
KnownFacts = Callable[[list[str]], pd.DataFrame]
FACT: dict[Hashable, Any] = {
    "series_id": object,
    "date": "datetime64[ns]",
    "value": float,
    "realtime_start": "datetime64[ns]",
}


def changes(
    vintages: Mapping[pd.Timestamp, Callable[[], pd.DataFrame]], series_ids: list[str], known: pd.DataFrame
) -> pd.DataFrame:
    """The observations frame after whose merging a store tells each vintage, and on other days what it told before.

    `vintages` read the table of a day: a row per month without gaps, a column per series, NaN where it is blank.
    `known` are the facts of the store, with the columns of `FACT`.
    """
    monthly = known[known["date"].dt.is_month_start]
    kept = dict(list(monthly.groupby("realtime_start")))
    ledger = _Ledger(series_ids)
    facts = (
        ledger.advance(kept.get(day), vintages[day]() if day in vintages else None, day)
        for day in sorted({*kept, *vintages})
    )
    return (
        pd.concat([nothing_known(series_ids), *facts], ignore_index=True)
        .astype(FACT)
        .assign(estimated=False)[list(COLUMNS)]
    )


def nothing_known(series_ids: list[str]) -> pd.DataFrame:
    """The facts that an empty store has of the series."""
    return pd.DataFrame(columns=list(FACT)).astype(FACT)


class _Ledger:
    """Month by series: what the store tells without the new facts, what it shall tell, and what it tells with them."""

    def __init__(self, series_ids: list[str]) -> None:
        self._series_ids = np.array(series_ids, dtype=object)
        self._without, self._target, self._with = (np.full((MONTHS, len(series_ids)), np.nan) for _ in range(3))
        self._first, self._last = MONTHS, 0

    def advance(self, kept: pd.DataFrame | None, vintage: pd.DataFrame | None, day: pd.Timestamp) -> pd.DataFrame:
        """The new facts of a day on which the store was given these, and which may have a vintage."""
        known = self._take(kept) if kept is not None else np.empty(0, np.int64)
        stated = self._state(vintage) if vintage is not None else np.empty(0, np.int64)
        columns = np.union1d(known, stated)
        span = np.ix_(np.arange(self._first, self._last + 1), columns)
        target = self._target[span]
        changed = ~_same(target, self._with[span])
        silent = np.isin(columns, np.setdiff1d(stated, known)) & ~changed.any(axis=0)
        changed[_newest_rows(target[:, silent]), silent] = True
        self._with[span] = target
        rows, places = changed.nonzero()
        return pd.DataFrame(
            {
                "series_id": self._series_ids[columns[places]],
                "date": month_start(rows + self._first),
                "value": target[rows, places],
                "realtime_start": day,
            }
        )

    def _take(self, facts: pd.DataFrame) -> NDArray[np.int64]:
        """Write down what the store was told; the columns that it speaks of."""
        rows, columns = self._rows(facts["date"]), self._columns(facts["series_id"])
        self._without[rows, columns] = self._with[rows, columns] = facts["value"]
        concerned = np.unique(columns)
        span = slice(self._first, self._last + 1)
        self._target[span, concerned] = self._without[span, concerned]
        return concerned

    def _state(self, vintage: pd.DataFrame) -> NDArray[np.int64]:
        """Write down a vintage; its columns."""
        columns = self._columns(vintage.columns)
        self._target[np.ix_(self._rows(vintage.index), columns)] = vintage
        return columns

    def _rows(self, months: pd.Series | pd.Index) -> NDArray[np.int64]:
        rows = month_number(pd.DatetimeIndex(months))
        if len(rows):
            self._first, self._last = min(self._first, rows.min()), max(self._last, rows.max())
        return rows

    def _columns(self, series_ids: pd.Series | pd.Index) -> NDArray[np.int64]:
        return np.asarray(pd.Index(self._series_ids).get_indexer(series_ids), np.int64)


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _newest_rows(cells: NDArray[np.float64]) -> NDArray[np.int64]:
    """Of each column the row of its last value; the last row where there is none."""
    return len(cells) - 1 - np.argmax(~np.isnan(cells[::-1]), axis=0)
