"""What the four phases and the forecasts of a recession were worth in real time, as JSON-able rows.

They are set beside a probit on the term spread, where that is known, estimated again as of every twelfth month end, the
model's own chain with the same transitions in every month, and the forecast that nothing changes.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.evaluation.answers import ONSETS
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.diebold_mariano import diebold_mariano
from macro_cycle.evaluation.forecasts import forecast_score, onset, probit_in_real_time, recession_ahead
from macro_cycle.evaluation.phases import PHASES, changes_of_label, phase_scores

Row = dict[str, Any]
SPREAD = ("GS10", "TB3MS")
NEAR_PEAK = 6
FORECASTERS = {
    "model": "Macro Cycle",
    "probit": "probit on the term spread",
    "chain": "stationary chain",
    "no_change": "no change",
}
"""Who is asked, by the key of a row's scores."""


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
    """The scores of each horizon beside the rivals' over the same months; without the probit where no spread is known.

    No change: today's recession probability, taken for the probability that one is seen to begin.
    """
    said = _first(months)
    index = pd.DatetimeIndex(said["reference_month"])
    ends = pd.DatetimeIndex(said["as_of"]) + pd.offsets.MonthEnd(0)
    spread = _spread(history)
    rows = []
    for n in ONSETS:
        happened = onset(index, n, day, chronology)
        probit = np.full(len(index), np.nan)
        if spread is not None:
            probit = probit_in_real_time(spread, index, ends, n, chronology, every=12)
        forecasts = {
            "model": said[f"begins_{n}"].to_numpy(float),
            "probit": probit,
            "chain": said[f"chain_begins_{n}"].to_numpy(float),
            "no_change": said["score"].to_numpy(float),
        }
        rows += _scored(n, forecasts, happened)
    return rows


def ahead_rows(months: pd.DataFrame, day: pd.Timestamp, chronology: Chronology) -> list[Row]:
    """The scores of the probability that a recession is under way so many months ahead, beside the rivals'."""
    said = _first(months)
    index = pd.DatetimeIndex(said["reference_month"])
    rows = []
    for n in ONSETS:
        forecasts = {
            "model": said[f"recession_{n}"].to_numpy(float),
            "chain": said[f"chain_recession_{n}"].to_numpy(float),
            "no_change": said["score"].to_numpy(float),
        }
        rows += _scored(n, forecasts, recession_ahead(index, n, day, chronology))
    return rows


def _first(months: pd.DataFrame) -> pd.DataFrame:
    return months.reset_index().drop_duplicates("reference_month")


def _scored(n: int, forecasts: Mapping[str, NDArray[np.float64]], happened: pd.Series) -> list[Row]:
    """One row, of the months that every forecaster answers who ever does; none where all of them went the same way."""
    asked = happened.notna().to_numpy()
    kept = {who: p for who, p in forecasts.items() if np.isfinite(p[asked]).any()}
    for p in kept.values():
        asked = asked & np.isfinite(p)
    y = happened[asked].to_numpy(bool)
    if not y.any() or y.all():
        return []
    scores = {who: asdict(forecast_score(kept[who][asked], y)) if who in kept else None for who in forecasts}
    ours = kept["model"][asked]
    return [{"months_ahead": n, **scores, "comparisons": _compared(ours, {w: p[asked] for w, p in kept.items()}, y)}]


def _compared(ours: NDArray[np.float64], rivals: Mapping[str, NDArray[np.float64]], y: NDArray[np.bool_]) -> Row:
    """Squared errors against each rival's, by Diebold and Mariano."""
    tests = {who: diebold_mariano((ours - y) ** 2, (p - y) ** 2) for who, p in rivals.items() if who != "model"}
    return {who: asdict(found) for who, found in tests.items() if found is not None}


def _spread(history: pd.DataFrame) -> pd.Series | None:
    """The spread by month as last known; interest rates are never revised."""
    current = history[history["series_id"].isin(SPREAD) & history["realtime_end"].isna()]
    rates = current.pivot_table("value", "date", "series_id")
    return rates["GS10"] - rates["TB3MS"] if set(SPREAD) <= set(rates) else None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
