"""A series as it was known on a day."""

from typing import Any

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations.revisions import as_known
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.recorded import history_until
from macro_cycle.sources.base import refuse_unknown


def series_document(platform: Platform, series_id: str, day: pd.Timestamp, last: int) -> dict[str, Any]:
    """The newest values of a series, since when each was known and how it had been revised, as known on the day.

    Raises:
        MacroCycleError: nothing of it was known on the day; what came later is not said.
    """
    spec = platform.catalog.spec(series_id)
    history = history_until(platform, day, platform.warehouse.series_ids())
    refuse_unknown([spec.series_id], sorted(history["series_id"].unique()), f"what was known on {day:%Y-%m-%d}")
    known = as_known(history, spec.series_id, day).tail(last)
    if known.empty:
        raise MacroCycleError(f"nothing of {spec.series_id} was known on {day:%Y-%m-%d}")
    return {
        "series_id": spec.series_id,
        "title": spec.title,
        "units": spec.units,
        "values": documents(known),
    }


def documents(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows for JSON: days as YYYY-MM-DD, null where there is nothing."""
    days = {str(name): frame[name].dt.strftime("%Y-%m-%d") for name in frame.select_dtypes("datetime")}
    plain = frame.assign(**days)
    return plain.astype(object).where(plain.notna(), None).to_dict("records")
