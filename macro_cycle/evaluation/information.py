"""How good the answer about a month was, by what had been published about it: claims, the employment report, all.

Series whose values about a month usually come on the same day make one step of information.
"""

from collections.abc import Iterator

import pandas as pd

from macro_cycle.features import FeatureSet
from macro_cycle.observations import Catalog

FEWEST_MONTHS = 24
RELEASES = {
    "TB3MS": "interest rates",
    "ICSA": "claims",
    "PAYEMS": "employment report",
    "INDPRO": "production",
    "HOUST": "housing starts",
    "W875RX1": "personal income",
    "CMRMTSPL": "real sales",
}
"""What people call the release that a series comes with."""
ALL = "all that was published before the next month's first value"


def answers_by_information(
    days: pd.DataFrame, history: pd.DataFrame, catalog: Catalog, features: FeatureSet
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Step by step: what had come last, days after the month's end that it usually takes, and the answers then.

    days: by day, reference_month and score, the answers about the newest month. The answers of a step are those that
    stood on the day of its release, one for each month that was still the newest then, indexed by as-of month; steps
    with fewer than 24 are left out. The last answer about a month counts where the next one was answered about too.
    """
    asked = pd.DatetimeIndex(days.index).to_period("M")
    emitted = {s for feature in features.features if feature.role != "transition" for s in feature.series_ids}
    for lag, series in _steps(catalog, sorted(emitted)):
        released = _released(history, series).sort_values("day")
        released = released[released["day"].dt.to_period("M").isin(asked)]
        stood = pd.merge_asof(released, days.rename_axis("day").reset_index(), on="day", direction="backward")
        about = stood[stood["month"] == stood["reference_month"]]
        if len(about) >= FEWEST_MONTHS:
            yield _title(series), lag, _by_month(about)
    last = days.reset_index(names="day").drop_duplicates("reference_month", keep="last")
    last = last[(last["reference_month"] + pd.DateOffset(months=1)).isin(last["reference_month"])]
    if len(last) >= FEWEST_MONTHS:
        lags = (last["day"] - (last["reference_month"] + pd.offsets.MonthEnd(0))).dt.days
        yield ALL, int(lags.median()), _by_month(last)


def _steps(catalog: Catalog, series_ids: list[str]) -> list[tuple[int, list[str]]]:
    steps: dict[int, list[str]] = {}
    for series_id in series_ids:
        steps.setdefault(catalog.spec(series_id).publication_lag_days, []).append(series_id)
    return sorted(steps.items())


def _title(series_ids: list[str]) -> str:
    called = ", ".join(RELEASES[series_id] for series_id in series_ids if series_id in RELEASES)
    ids = ", ".join(series_ids)
    return f"{called} ({ids})" if called else ids


def _released(history: pd.DataFrame, series_ids: list[str]) -> pd.DataFrame:
    """Month and the first day on which every series of a step was known for it."""
    rows = history[history["series_id"].isin(series_ids) & history["value"].notna()]
    rows = rows[rows["date"] <= rows["realtime_start"]]
    first = rows.groupby(["series_id", "date"])["realtime_start"].min().rename("day").reset_index()
    first["month"] = first["date"].dt.to_period("M").dt.to_timestamp()
    by_series = first.groupby(["month", "series_id"])["day"].max().unstack()
    return by_series.dropna().max(axis=1).rename("day").reset_index()


def _by_month(rows: pd.DataFrame) -> pd.DataFrame:
    index = pd.DatetimeIndex(rows["day"].dt.to_period("M").dt.to_timestamp(), name="as_of")
    return rows[["reference_month", "score"]].set_axis(index, axis=0)
