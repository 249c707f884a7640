"""Histories written by hand: what a store would say after these vintages."""

import numpy as np
import pandas as pd

Vintage = tuple[str, pd.Series]


def history(series_id: str, *vintages: Vintage) -> pd.DataFrame:
    """The history frame of a series whose vintages are (day, values by date), each stating all that it holds.

    A value that a later vintage lacks was withdrawn.
    """
    days = [pd.Timestamp(day) for day, _ in vintages]
    table = pd.DataFrame({day: values for day, (_, values) in zip(days, vintages, strict=True)})
    rows = [row for date, told in table.iterrows() for row in _steps(date, told)]
    columns = ["date", "value", "realtime_start", "realtime_end"]
    frame = pd.DataFrame(rows, columns=columns).astype({"realtime_end": "datetime64[ns]"})
    return frame.assign(series_id=series_id, estimated=False)


def _steps(date: pd.Timestamp, told: pd.Series) -> list[list]:
    steps: list[list] = []
    for day, value in told.items():
        if not steps and np.isnan(value):
            continue
        if steps and (steps[-1][1] == value or (np.isnan(value) and np.isnan(steps[-1][1]))):
            continue
        if steps:
            steps[-1][3] = day
        steps.append([date, value, day, pd.NaT])
    return steps


def monthly(start: str, values: np.ndarray | list[float]) -> pd.Series:
    """Values of consecutive months."""
    return pd.Series(np.asarray(values, float), pd.date_range(start, periods=len(values), freq="MS"))


def growing(months: int, seed: int = 0) -> pd.Series:
    """A positive random walk from January 2000."""
    return monthly("2000-01-01", 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.002, 0.005, months))))
