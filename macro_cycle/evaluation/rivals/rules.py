"""Rules of thumb with published thresholds: nothing about them is estimated here.

Panels are of levels, (T, D) in percent, by reference month.
"""

import numpy as np
import pandas as pd

PROBIT = (-0.5333, -0.6330)
MICHEZ_BEGINS, MICHEZ_CERTAIN = 0.29, 0.81


def sahm_rule(panel: pd.DataFrame) -> pd.Series:
    """Percentage points of unemployment (three-month mean) above its low of the twelve months before.

    Sahm (2019), "Direct Stimulus Payments to Individuals", in Recession Ready; a recession is called at 0.5. Asked on
    each day's vintage, this is FRED's SAHMREALTIME.
    """
    smooth = _smooth(panel["UNRATE"])
    return (smooth - smooth.shift(1).rolling(12, min_periods=10).min()).dropna().rename("score")


def michez_rule(panel: pd.DataFrame, vacancies: str) -> pd.Series:
    """The smaller of unemployment's rise above its low, and of vacancies' fall below their high, of twelve months.

    Michaillat and Saez (2025, Oxford Bulletin 87:1047); three-month means, percentage points; a recession is called at
    0.29. `vacancies` is the column of the vacancy rate.
    """
    unemployed, vacant = _smooth(panel["UNRATE"]), _smooth(panel[vacancies])
    rise = unemployed - unemployed.rolling(13, min_periods=10).min()
    fall = vacant.rolling(13, min_periods=10).max() - vacant
    return pd.Series(np.minimum(rise, fall), name="score").dropna()


def michez_probability(panel: pd.DataFrame, vacancies: str) -> pd.Series:
    """The same rule with its two thresholds: 0 up to 0.29, 1 from 0.81, and on a line between the two."""
    return ((michez_rule(panel, vacancies) - MICHEZ_BEGINS) / (MICHEZ_CERTAIN - MICHEZ_BEGINS)).clip(0, 1)


def term_spread(panel: pd.DataFrame) -> pd.Series:
    """Probability of recession by the probit on the term spread twelve months before.

    Estrella and Mishkin (1998, RES 80:45) with the coefficients that the Federal Reserve Bank of New York
    publishes; the spread is the 10-year yield less the 3-month bill's bond-equivalent yield.
    """
    from scipy.stats import norm

    bill = 365 * panel["TB3MS"] / (360 - 0.91 * panel["TB3MS"])
    spread = (panel["GS10"] - bill).shift(12).dropna()
    constant, slope = PROBIT
    return pd.Series(norm.cdf(constant + slope * spread), index=spread.index, name="score")


def _smooth(rate: pd.Series) -> pd.Series:
    return rate.rolling(3, min_periods=2).mean()
