"""The turning points that an answer sees: where the newest run of months on either side of the cycle began."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def turning_points(months: pd.DatetimeIndex, smoothed: NDArray[np.float64]) -> tuple[date | None, date | None]:
    """The newest peak and the newest trough; None where no month lies on the side that follows it.

    months: month starts without gaps, ascending. smoothed: (T,) probabilities of recession of these months.
    Months above one half are in recession: as the NBER counts, from the month after the peak through the trough. A run
    that reaches the first month began before it: its turning point is the month before the first.
    """
    recession = np.asarray(smoothed) > 0.5
    return _before_the_newest_run(months, recession), _before_the_newest_run(months, ~recession)


def _before_the_newest_run(months: pd.DatetimeIndex, inside: NDArray[np.bool_]) -> date | None:
    within = inside.nonzero()[0]
    if not len(within):
        return None
    outside = (~inside[: within[-1]]).nonzero()[0]
    first = int(outside[-1]) + 1 if len(outside) else 0
    month = months[first].date()
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
