"""The answers between month ends: when a contraction and its end were declared, and what claims alone say."""

from dataclasses import replace

import pandas as pd

from benchmarks.declared.delays import delay_figures
from benchmarks.default_model.walk_forward import CATALOG, NBER
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.evaluation.daily import DailyWalk
from macro_cycle.evaluation.information import RELEASES, answers_by_information
from macro_cycle.evaluation.metrics import auroc

FIRST = RELEASES["ICSA"]


def day_figures(walk: DailyWalk, observations: pd.DataFrame) -> list[Figure]:
    """Delays, alarms and reversals of the declared phase, and the AUROC of answers on the day of a month's claims."""
    return [
        *(replace(row, figure=f"declared: {row.figure}") for row in delay_figures(walk)),
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
