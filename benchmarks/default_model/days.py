"""The answers between month ends: when a contraction and its end were declared, and what claims alone say."""

import numpy as np
import pandas as pd

from benchmarks.declared.walks import premature, scored
from benchmarks.default_model.walk_forward import CATALOG, NBER
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.evaluation.daily import DailyWalk
from macro_cycle.evaluation.information import RELEASES, answers_by_information
from macro_cycle.evaluation.metrics import auroc

FIRST = RELEASES["ICSA"]


def day_figures(walk: DailyWalk, observations: pd.DataFrame) -> list[Figure]:
    """Delays, alarms and reversals of the declared phase, and the AUROC of answers on the day of a month's claims."""
    found = scored(shipped().declared, walk)
    peak, trough = found.delay("peak"), found.delay("trough")
    of_2007 = next((turn.days for turn in found.turns if turn.turn == "peak" and turn.month.year == 2007), None)
    return [
        figure("declared: false or premature alarms", premature(found), "", "<= 0"),
        figure("declared: days after the peak month's end, mean", _known(peak.days), "days", "<= 55"),
        figure("declared: days after the peak month's end, sd", _known(peak.sd), "days", "<= 22"),
        figure("declared: days after the peak month's end, longest", _known(peak.worst), "days", "<= 90"),
        figure("declared: days after the peak of December 2007", _known(of_2007), "days", "<= 60"),
        figure("declared: days after the trough month's end, mean", _known(trough.days), "days", "<= 50"),
        figure("declared: days after the trough month's end, longest", _known(trough.worst), "days", "<= 75"),
        figure("declared: reversals between declaration and trough", len(found.reversals), "", "<= 0"),
        *_by_claims(walk, observations),
    ]


def _by_claims(walk: DailyWalk, observations: pd.DataFrame) -> list[Figure]:
    """Of the months that were the newest on the day on which only their claims and interest rates were known."""
    days = walk.table().rename(columns={"probability": "score"})
    for title, lag, said in answers_by_information(days, observations, CATALOG, shipped().features):
        if title.startswith(FIRST):
            about = said.drop_duplicates("reference_month")
            recession = NBER.recession_indicator(pd.DatetimeIndex(about["reference_month"])).to_numpy()
            area, note = auroc(about["score"], recession), f"{lag} days after the month, {len(about)} months"
            return [figure("by claims and interest rates alone, AUROC", area, note, ">= 0.99")]
    return []


def _known(value: float | None) -> float:
    return np.nan if value is None else float(value)
