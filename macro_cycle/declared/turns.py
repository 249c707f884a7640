"""The turning point that an answer sees: the month before its side of the cycle began, by the smoothed path."""

from datetime import date

import pandas as pd


def turning_point(smoothed: pd.Series) -> date:
    """The last month on the other side of one half: the peak when the newest month is in recession, else the trough.

    `smoothed` is the smoothed probability of recession by reference month (month starts, ascending, at least one).
    Months in recession are those above one half, from the month after the peak through the trough, as the NBER counts.
    A path that lies on one side throughout began before it: its turning point is the month before its first.
    """
    months = pd.DatetimeIndex(smoothed.index)
    recession = smoothed.to_numpy() > 0.5
    other = (recession != recession[-1]).nonzero()[0]
    first = int(other[-1]) + 1 if len(other) else 0
    return (months[first] - pd.DateOffset(months=1)).date()
