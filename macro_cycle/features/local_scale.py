"""Scale and location that drift: each month's value in deviations of the months around it that were known by then.

A century has no one scale: the depression and the war moved activity several times as much as the decades since did.
Measured by what the recent past did, a fall of one deviation is as much news in 1949 as in 2001.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEWEST = 24  # months known before there is a scale
HELD = 3.0  # deviations at which a value is held in its own location and scale
NORMAL = float(np.sqrt(np.pi / 2))  # standard deviation of a normal for each of its mean absolute deviation


def locally_scaled(column: NDArray[np.float64], half_life: int) -> NDArray[np.float64]:
    """(T,) the column less its location, in units of its scale, NaN until `FEWEST` months are known.

    Both are exponentially weighted over the months up to each one, the weight of a month halved every `half_life` known
    months: the mean, and the mean absolute deviation from the mean of its day. They are taken twice, the second time
    with values held at `HELD` deviations of the first. What is later changes nothing that is earlier.
    """
    values = pd.Series(column)
    location, scale = _weighted(values, half_life)
    held = values.clip(location - HELD * scale, location + HELD * scale)
    location, scale = _weighted(held, half_life)
    return ((values - location) / scale.where(scale > 0)).to_numpy(float)


def _weighted(values: pd.Series, half_life: int) -> tuple[pd.Series, pd.Series]:
    known = values.dropna()
    location = known.ewm(halflife=half_life, min_periods=FEWEST).mean()
    deviation = (known - location).abs().ewm(halflife=half_life, min_periods=FEWEST).mean()
    return location.reindex(values.index), NORMAL * deviation.reindex(values.index)
