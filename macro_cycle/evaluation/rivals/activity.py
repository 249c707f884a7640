"""An index of activity, by itself and turned into a probability."""

import pandas as pd

from macro_cycle.evaluation.binary_response import logit
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.rivals.rival import Rule
from macro_cycle.observations.robust import NORMAL_IQR, WINSOR


def activity_index(sample: pd.DataFrame, _: pd.Timestamp) -> Rule:
    """Minus the three-month mean of the coincident series' robustly standardised changes.

    In the manner of the Chicago Fed's CFNAI-MA3 (Evans, Liu and Pham-Kanter, 2002), which calls a recession below -0.7.
    The constants of standardisation are those of the day of the estimate.
    """
    low, center, high = (sample.quantile(q) for q in (0.25, 0.5, 0.75))
    scale = (high - low) / NORMAL_IQR

    def rule(panel: pd.DataFrame) -> pd.Series:
        moved = ((panel - center) / scale).clip(-WINSOR, WINSOR)
        return -moved.mean(axis=1).rolling(3, min_periods=2).mean().dropna().rename("score")

    return rule


def activity_logit(sample: pd.DataFrame, day: pd.Timestamp, chronology: Chronology) -> Rule:
    """The probability of recession by a logit on the activity index, estimated on the months settled by the day.

    Berge and Jorda (2011, AEJ Macro 3:246) ask the CFNAI so. Raises MacroCycleError before months of both kinds were.
    """
    from scipy.special import expit

    index = activity_index(sample, day)
    score = index(sample)
    settled = chronology.settled(pd.DatetimeIndex(score.index), day).dropna()
    constant, slope = logit(score[settled.index].to_numpy(), settled.to_numpy(bool))

    def rule(panel: pd.DataFrame) -> pd.Series:
        found = index(panel)
        return pd.Series(expit(constant + slope * found), found.index, name="score")

    return rule
