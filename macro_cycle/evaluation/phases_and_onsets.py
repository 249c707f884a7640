"""What the four phases and the forecast of an onset were worth in real time, as JSON-able rows.

The onset is set beside a probit on the term spread, where that is known, estimated again as of every twelfth month end.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.evaluation.answers import ONSETS
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.diebold_mariano import diebold_mariano
from macro_cycle.evaluation.forecasts import forecast_score, onset, probit_in_real_time
from macro_cycle.evaluation.phases import PHASES, changes_of_label, phase_scores

Row = dict[str, Any]
SPREAD = ("GS10", "TB3MS")
NEAR_PEAK = 6


def phase_rows(months: pd.DataFrame, day: pd.Timestamp, chronology: Chronology) -> Row:
    """Each phase's scores, p(Peak) for a peak within six months too, how often the label changed or contradicted.

    months: as `answers.Answers` has them; a reference month counts at its first answer.
    """
    said = months.drop_duplicates("reference_month").set_index("reference_month")
    probabilities, labels = said[[phase for phase in PHASES if phase in said]], said["label"]
    near = [s for s in phase_scores(probabilities, labels, day, chronology, NEAR_PEAK) if s.phase == "Peak"]
    low = labels.isin(["Contraction", "Trough"]).to_numpy()
    return {
        "phases": [asdict(score) for score in phase_scores(probabilities, labels, day, chronology)],
        "peak_within_6_months_auroc": near[0].auroc if near else None,
        "label_changes_monthly": _known(changes_of_label(labels)),
        "label_contradicts_probability": int((low != said["score"].gt(0.5).to_numpy()).sum()),
    }


def onset_rows(months: pd.DataFrame, history: pd.DataFrame, day: pd.Timestamp, chronology: Chronology) -> list[Row]:
    """The scores of each horizon, beside the probit's over the same months; without it where the spread is unknown."""
    said = months.reset_index().drop_duplicates("reference_month")
    index = pd.DatetimeIndex(said["reference_month"])
    ends = pd.DatetimeIndex(said["as_of"]) + pd.offsets.MonthEnd(0)
    spread = _spread(history)
    rows = []
    for n in ONSETS:
        happened = onset(index, n, day, chronology)
        rival = np.full(len(index), np.nan)
        if spread is not None:
            rival = probit_in_real_time(spread, index, ends, n, chronology, every=12)
        asked = happened.notna().to_numpy()
        both = asked & np.isfinite(rival)
        asked = both if both.any() else asked
        y = happened[asked].to_numpy(bool)
        if y.any() and not y.all():
            rows.append({"months_ahead": n, **_row(said[f"begins_{n}"].to_numpy(float)[asked], rival[asked], y)})
    return rows


def _row(p: np.ndarray, rival: np.ndarray, y: np.ndarray) -> Row:
    ours: Row = {"model": asdict(forecast_score(p, y)), "probit": None, "comparison": None}
    if not np.isfinite(rival).all():
        return ours
    found = diebold_mariano((p - y) ** 2, (rival - y) ** 2)
    return ours | {"probit": asdict(forecast_score(rival, y)), "comparison": None if found is None else asdict(found)}


def _spread(history: pd.DataFrame) -> pd.Series | None:
    """The spread by month as last known; interest rates are never revised."""
    current = history[history["series_id"].isin(SPREAD) & history["realtime_end"].isna()]
    rates = current.pivot_table("value", "date", "series_id")
    return rates["GS10"] - rates["TB3MS"] if set(SPREAD) <= set(rates) else None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
