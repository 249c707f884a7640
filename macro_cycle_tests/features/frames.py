"""As-of frames written by hand for the tests of the features."""

import numpy as np
import pandas as pd


def observations(series_id: str, dates: pd.DatetimeIndex, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"series_id": series_id, "date": dates, "value": np.asarray(values, float)})


def monthly(series_id: str, start: str, values: list[float]) -> pd.DataFrame:
    dates = pd.date_range(start, periods=len(values), freq="MS")
    frame = observations(series_id, dates, np.array(values))
    return frame.dropna(subset="value")


def quarterly(series_id: str, start: str, values: list[float]) -> pd.DataFrame:
    return observations(series_id, pd.date_range(start, periods=len(values), freq="QS"), np.array(values))
