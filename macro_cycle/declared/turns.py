"""The turning points that an answer sees: where the newest run of months on either side of the cycle began."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def turning_points(smoothed: pd.Series) -> tuple[date | None, date | None]:
    """The newest peak and the newest trough; None where no month lies on the side that follows it.

    `smoothed` is the smoothed probability of recession by reference month (month starts without gaps, ascending).
    Months above one half are in recession: as the NBER counts, from the month after the peak through the trough. A run
    that reaches the first month began before it: its turning point is the month before the first.
    """
    months, recession = pd.DatetimeIndex(smoothed.index), smoothed.to_numpy() > 0.5
    return _before_the_newest_run(months, recession), _before_the_newest_run(months, ~recession)


def _before_the_newest_run(months: pd.DatetimeIndex, inside: NDArray[np.bool_]) -> date | None:
    within = inside.nonzero()[0]
    if not len(within):
        return None
    outside = (~inside[: within[-1]]).nonzero()[0]
    first = int(outside[-1]) + 1 if len(outside) else 0
    return (months[first] - pd.DateOffset(months=1)).date()
