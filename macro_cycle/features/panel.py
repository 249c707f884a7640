"""The panel of features as known on one day: one row per reference month, NaN where nothing was published."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.errors import MacroCycleError
from macro_cycle.features.as_of_frame import read_as_of
from macro_cycle.features.feature_set import Feature, FeatureSet
from macro_cycle.features.local_scale import locally_scaled
from macro_cycle.features.transformations import transform
from macro_cycle.observations.catalog import Catalog, SeriesSpec
from macro_cycle.observations.frequencies import infer_frequency, is_foreseen, month_start, regular_periods
from macro_cycle.observations.robust import WINSOR, robust_scale

Changes = tuple[NDArray[np.int64], NDArray[np.float64]]


def build_panel(as_of: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> pd.DataFrame:
    """Features as known on the day of the as-of frame.

    `as_of` holds `series_id, date, value` (one row per series and date, only what was known on that day) and, where
    it is told, `realtime_start`: a value that was published before its period had begun is left out. The result has
    one row per reference month (`reference_month`, month starts without gaps, ascending) from the first to the last
    month of which any feature is known that the states emit (a covariate alone makes no month), and one float column
    per feature in the order of `feature_set`, in the units of its transformation, NaN where not published.

    Every change is taken inside this one vintage and inside the frequency of its own series: a quarterly
    series changes from quarter to quarter and stands in the quarter's last month, a weekly one is averaged
    over months that are complete, and a missing month leaves its neighbours' other features alone.

    Raises `MacroCycleError` when the frame cannot be read, no feature has any value or a period has two,
    `TransformationError` when a series does not allow its transformation.
    """
    series = _transformed(read_as_of(as_of), catalog, feature_set)
    if not series:
        wanted = ", ".join(feature_set.series_ids)
        raise MacroCycleError(
            f"No observations of {wanted} were known on that day; choose a later one or other series."
        )
    months = np.arange(min(m[0] for m, _ in series.values()), max(m[-1] for m, _ in series.values()) + 1)
    columns = {key: on_months(months, *series[key]) for key in series}
    panel = pd.DataFrame(
        {feature.name: _feature(feature, columns, len(months)) for feature in feature_set.features},
        index=pd.DatetimeIndex(month_start(months), freq="MS", name="reference_month"),
    )
    known = months_of(panel.to_numpy(), feature_set.features)
    if not len(known):
        raise MacroCycleError(
            "Too few observations were known on that day to compute a single change; choose a later one."
        )
    return panel.iloc[known[0] : known[-1] + 1]


def months_of(values: NDArray[np.float64], features: Sequence[Feature]) -> NDArray[np.int64]:
    """Rows of the values (T, D) of which something is known that the states emit."""
    emitted = [feature.role != "transition" for feature in features]
    return np.flatnonzero(~np.isnan(values[:, emitted]).all(axis=1))


def _transformed(as_of: pd.DataFrame, catalog: Catalog, feature_set: FeatureSet) -> dict[tuple[str, bool], Changes]:
    """Series id and whether levels are wanted -> month numbers of its periods and its values as features take them."""
    wanted = {(s, feature.weights is not None) for feature in feature_set.features for s in feature.series_ids}
    out = {
        (series_id, levels): changes(dates, values, catalog.spec(series_id), levels)
        for series_id, dates, values in series_histories(as_of, catalog, feature_set.series_ids)
        for levels in (False, True)
        if (series_id, levels) in wanted
    }
    return {key: found for key, found in out.items() if len(found[0])}


def changes(dates: pd.DatetimeIndex, values: NDArray[np.float64], spec: SeriesSpec, levels: bool = False) -> Changes:
    """Month numbers of the periods of a series and its stationary, signed values; empty without a whole period.

    With `levels`, its values as they are.
    """
    try:
        months, values = regular_periods(dates, values, infer_frequency(dates, spec.frequency))
    except MacroCycleError as error:
        raise MacroCycleError(f"{spec.series_id} has {error}; keep one of them") from None
    if levels or not len(months):
        return months, values
    return months, spec.sign * transform(values, tcode_of(spec, values), name=spec.series_id)


def series_histories(
    as_of: pd.DataFrame, catalog: Catalog, wanted: tuple[str, ...]
) -> Iterator[tuple[str, pd.DatetimeIndex, NDArray[np.float64]]]:
    """Canonical id, dates (ascending) and values of each wanted series that the frame holds.

    Where the frame has `realtime_start`, values published before their period had begun are left out.
    """
    codes, names = pd.factorize(as_of["series_id"])
    position = {series_id: i for i, series_id in enumerate(wanted)}
    canonical = np.array([position.get(catalog.canonical_id(name), -1) for name in names], int)[codes]
    dates, values = as_of["date"].to_numpy("datetime64[ns]"), as_of["value"].to_numpy(float)
    order = np.lexsort((dates, canonical))
    order = order[canonical[order] >= 0]
    known_on = as_of["realtime_start"].to_numpy("datetime64[ns]") if "realtime_start" in as_of else None
    for rows in np.split(order, np.flatnonzero(np.diff(canonical[order])) + 1):
        if not len(rows):
            continue
        series_id = wanted[canonical[rows[0]]]
        if known_on is not None:
            rows = rows[~_foreseen(dates[rows], known_on[rows], catalog.spec(series_id))]
        if len(rows):
            yield series_id, pd.DatetimeIndex(dates[rows]), values[rows]


def _foreseen(dates: NDArray[np.datetime64], known_on: NDArray[np.datetime64], spec: SeriesSpec) -> NDArray[np.bool_]:
    index = pd.DatetimeIndex(dates)
    return is_foreseen(index, pd.DatetimeIndex(known_on), infer_frequency(index, spec.frequency))


def tcode_of(spec: SeriesSpec, values: NDArray[np.float64]) -> int:
    """The transformation of a series: the declared one, or the one that its values allow."""
    if spec.tcode is not None:
        return spec.tcode
    return 5 if np.nanmin(values) > 0 else 2


def on_months(months: NDArray[np.int64], at: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values that belong to the months `at`, on the gapless `months` that hold all of those; NaN elsewhere."""
    column = np.full(len(months), np.nan)
    column[at - months[0]] = values
    return column


def _feature(
    feature: Feature, columns: dict[tuple[str, bool], NDArray[np.float64]], length: int
) -> NDArray[np.float64]:
    keys = [(series_id, feature.weights is not None) for series_id in feature.series_ids]
    members = [member(feature, columns[key]) for key in keys if key in columns]
    if feature.weights is not None and len(members) < len(keys):
        return np.full(length, np.nan)
    return combined(feature, members) if members else np.full(length, np.nan)


def member(feature: Feature, column: NDArray[np.float64]) -> NDArray[np.float64]:
    """A series' stationary values as the feature takes them: robustly scaled where it is the mean of several."""
    return column if feature.weights is not None or len(feature.series_ids) == 1 else _robust(column)


def combined(feature: Feature, members: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The feature's column from its members (at least one), all on the same gapless months."""
    if feature.weights is not None:
        column = np.asarray(feature.weights) @ np.array(members)
    else:
        column = members[0] if len(members) == 1 else _mean(members)
    column = _change(_trailing_mean(_innovation(column, feature.persistence), feature.span), feature.change)
    return column if feature.half_life is None else locally_scaled(column, feature.half_life)


def _robust(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robustly standardised and held at `WINSOR` deviations; NaN throughout where there is no scale."""
    middle, scale = robust_scale(column)
    if not scale > 0:
        return np.full(len(column), np.nan)
    return np.clip((column - middle) / scale, -WINSOR, WINSOR)


def _innovation(column: NDArray[np.float64], persistence: float) -> NDArray[np.float64]:
    """Value less `persistence` times last month's deviation from the median.

    The deviation is held at `WINSOR` robust ones, so that an outlier does not echo, and taken as none where
    last month is missing.
    """
    if persistence == 0:
        return column
    middle, scale = robust_scale(column)
    before = np.full(len(column), np.nan)
    before[1:] = np.clip(column[:-1] - middle, -WINSOR * scale, WINSOR * scale)
    return column - persistence * np.nan_to_num(before)


def _mean(members: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    stacked = np.array(members)
    count = np.isfinite(stacked).sum(axis=0)
    return np.where(count > 0, np.nansum(stacked, axis=0) / np.maximum(count, 1), np.nan)


def _trailing_mean(column: NDArray[np.float64], span: int) -> NDArray[np.float64]:
    """Mean of the last `span` months, of which at least two thirds must be known."""
    if span == 1:
        return column
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(span - 1, np.nan), column]), span)
    known = np.isfinite(windows).sum(axis=1)
    return np.where(3 * known >= 2 * span, np.nansum(windows, axis=1) / np.maximum(known, 1), np.nan)


def _change(column: NDArray[np.float64], months: int) -> NDArray[np.float64]:
    if months == 0:
        return column
    out = np.full(len(column), np.nan)
    out[months:] = column[months:] - column[:-months]
    return out
