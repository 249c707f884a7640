"""What is known of the series, and since when; what is due next and what is late."""

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from macro_cycle.observations import Catalog
from macro_cycle.observations.calendar import first_releases, frequency_of, release_calendar
from macro_cycle.observations.revisions import records
from macro_cycle.page.contents import Release, SeriesKnown

AHEAD = pd.Timedelta(days=35)
FREQUENCIES = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly", "S": "half-yearly", "A": "yearly"}


def releases_due(
    history: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str], today: pd.Timestamp
) -> tuple[Release, ...]:
    """What is due in the next five weeks, by day; of a series that is late the oldest period that has not come."""
    if history.empty:
        return ()
    held = [series_id for series_id in series_ids if series_id in set(history["series_id"])]
    until = today + AHEAD
    months = pd.period_range(today, until, freq="M").strftime("%Y-%m-01")
    calendar = pd.concat([release_calendar(history, catalog, held, month, today) for month in months])
    calendar = calendar.drop_duplicates(["series_id", "period"]).sort_values(["period", "series_id"])
    late = calendar[calendar["status"] == "late"].drop_duplicates("series_id")
    due = calendar[(calendar["status"] == "expected") & ~calendar["series_id"].isin(late["series_id"])]
    shown = pd.concat([late, due[due["expected"] <= until]]).sort_values(["expected", "series_id"], ignore_index=True)
    return tuple(
        Release(
            series_id=row.series_id,
            title=row.title,
            period=row.period.date(),
            frequency=_frequency(history, catalog, row.series_id),
            expected=row.expected.date(),
            late=row.status == "late",
        )
        for row in records(shown)
    )


def series_known(
    history: pd.DataFrame, catalog: Catalog, series_ids: Sequence[str], days: Iterable[date]
) -> tuple[SeriesKnown, ...]:
    """Each series that the store holds, with the newest period that was known of it on each of the days."""
    asked = pd.DatetimeIndex(list(days))
    found = []
    for series_id in series_ids:
        released = first_releases(history[history["series_id"] == series_id])
        if released.empty:
            continue
        spec = catalog.spec(series_id)
        found.append(
            SeriesKnown(
                series_id=series_id,
                title=spec.title,
                units=spec.units,
                frequency=_frequency(history, catalog, series_id),
                newest=_newest(released, asked),
            )
        )
    return tuple(found)


def _frequency(history: pd.DataFrame, catalog: Catalog, series_id: str) -> str:
    dates = history.loc[history["series_id"] == series_id, "date"].drop_duplicates().sort_values()
    return FREQUENCIES[frequency_of(pd.DatetimeIndex(dates), catalog.spec(series_id))]


def _newest(released: pd.Series, days: pd.DatetimeIndex) -> tuple[date | None, ...]:
    """The newest period known on each day; `released` is the day of first release by period."""
    by_day = released.reset_index().sort_values(["realtime_start", "date"])
    newest = pd.DatetimeIndex(by_day["date"].cummax())
    places = np.searchsorted(by_day["realtime_start"].to_numpy(), days.to_numpy(), side="right") - 1
    return tuple(newest[place].date() if place >= 0 else None for place in places)
