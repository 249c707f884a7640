"""Dating the values of a source that does not say when they were published."""

import pandas as pd

from macro_cycle.observations import Catalog


def with_publication_lags(
    values: pd.DataFrame, catalog: Catalog, loaded_at: pd.Timestamp | None = None
) -> pd.DataFrame:
    """`series_id, date, value` with realtime_start = end of the period + the series' lag, at most the load day."""
    today = loaded_at or pd.Timestamp.now().normalize()
    dated = [
        rows.assign(realtime_start=catalog.spec(str(series_id)).release_dates(pd.DatetimeIndex(rows["date"])))
        for series_id, rows in values.sort_values("date").groupby("series_id")
    ]
    frame = pd.concat(dated, ignore_index=True)
    return frame.assign(
        realtime_start=frame["realtime_start"].where(frame["realtime_start"] <= today, today), estimated=True
    )
