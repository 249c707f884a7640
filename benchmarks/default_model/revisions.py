"""The sample with the revisions that it lacks: newest values as noisy as first releases are.

The sample is one vintage, so its 1974 is today's 1974. Here each month's growth is seen with an error that
shrinks as the month ages, of the size that FRED-MD vintages of 2014 to 2019 show against that of 2026: 0.3 to 0.7
robust deviations in the newest quarter, 0.3 to 0.6 in the newest half year. Interest rates are never revised.
"""

from functools import cache

import numpy as np
import pandas as pd

from benchmarks.default_model.walk_forward import CATALOG, Panels, sample_observations
from macro_cycle.features import build_panel
from macro_cycle.observations.robust import NORMAL_IQR

# Standard deviation of a first release's error, in robust standard deviations of the series' growth.
FIRST_RELEASE = {
    "INDPRO": 0.6,
    "PAYEMS": 0.37,
    "W875RX1": 0.55,
    "CMRMTSPL": 0.4,
    "UNRATE": 0.3,
    "ICSA": 0.3,
    "AWHMAN": 0.6,
    "HOUST": 0.45,
    "PERMIT": 0.4,
}
OTHERS = 0.45
# What is left of the error at a month's age of 0, 1, ... months; the last value stays.
LEFT = np.array([1.0, 1.0, 1.0, 1.0, 0.8, 0.8, 0.8, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.4])


@cache
def with_revisions(seed: int) -> Panels:
    """The panels of the sample as it might have looked at each month end, under one draw of all errors."""
    observations = sample_observations()
    levels = observations.pivot(index="date", columns="series_id", values="value")
    logs = pd.Series({s: bool((levels[s].dropna() > 0).all()) and CATALOG.spec(s).tcode == 5 for s in levels})
    growth = levels.where(~logs, np.log(levels.where(levels > 0))).diff()
    errors = _errors(growth, seed)
    age_of = pd.DatetimeIndex(levels.index).to_period("M")

    def known(month: pd.Timestamp) -> pd.DataFrame:
        frame = observations[observations["realtime_start"] <= month + pd.offsets.MonthEnd(0)]
        age = np.clip((month.year - age_of.year) * 12 + month.month - age_of.month, 0, len(LEFT) - 1)
        moved = errors.mul(LEFT[age], axis=0).cumsum()
        shift = moved.to_numpy()[moved.index.get_indexer(frame["date"]), moved.columns.get_indexer(frame["series_id"])]
        in_logs = frame["series_id"].map(logs).to_numpy(bool)
        value = frame["value"].to_numpy()
        return frame.assign(value=np.where(in_logs, value * np.exp(np.where(in_logs, shift, 0.0)), value + shift))

    return lambda features, months: [build_panel(known(month), CATALOG, features) for month in months]


def _errors(growth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One draw of every month's first-release error of growth."""
    scale = (growth.quantile(0.75) - growth.quantile(0.25)) / NORMAL_IQR
    sizes = pd.Series(FIRST_RELEASE).reindex(growth.columns).fillna(OTHERS)
    sizes[[CATALOG.spec(series_id).role == "rate" for series_id in growth.columns]] = 0.0
    return pd.DataFrame(
        np.random.default_rng(seed).normal(size=growth.shape) * (scale * sizes).to_numpy(),
        index=growth.index,
        columns=growth.columns,
    )
