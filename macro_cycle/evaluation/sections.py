"""The parts of an evaluation beyond its table of figures, each a list of JSON-able rows.

Here: bands, periods, days of information, declarations, tests against rivals, reliability, phases, onsets. Not here:
the computations, which have a file each, and which records are compared (`scoring`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.evaluation import metrics
from macro_cycle.evaluation.bootstrap import BLOCK, DRAWS, LEVEL, Statistic, band, mean_band
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.coverage import OLDEST, not_in_record
from macro_cycle.evaluation.diebold_mariano import diebold_mariano
from macro_cycle.evaluation.few_recessions import Limits, limits, sentence
from macro_cycle.evaluation.reliability import reliability
from macro_cycle.evaluation.timeliness import Span, Timeliness, Turn, timeliness
from macro_cycle.evaluation.track_record import FEWEST_MONTHS, Record, settled_scores

HALF = pd.Timestamp("1995-01-01")
PANDEMIC = 2020
LATELY = pd.Timestamp("2022-01-01")
SCORES: Mapping[str, Statistic] = {
    "auroc": metrics.auroc,
    "brier": metrics.brier,
    "log_score": metrics.log_score,
}
BANDS = {"level": LEVEL, "block_months": BLOCK, "draws": DRAWS, "method": "stationary bootstrap"}

Row = dict[str, Any]
Months = tuple[NDArray[np.float64], NDArray[np.bool_]]


def periods(record: Record, day: pd.Timestamp, chronology: Chronology) -> list[Row]:
    """The record's scores with bands: of all settled months, before and since 1995, and without 2020."""
    settled = settled_scores(record.scores, day, chronology)
    return [
        {"name": record.name, "title": record.title, "period": period, **scores(rows, record)}
        for period, rows in _periods(settled)
        if rows["reference_month"].nunique() >= FEWEST_MONTHS
    ]


def scores(settled: pd.DataFrame, record: Record) -> Row:
    """Distinct months, months in recession, and each figure with its band, of settled scores."""
    p, y = settled["score"].to_numpy(float), settled["recession"].to_numpy(bool)
    asked = SCORES if record.probability else {"auroc": metrics.auroc}

    def false_alarms(score: NDArray[np.float64], recession: NDArray[np.bool_]) -> float:
        return metrics.false_alarm_share(score, recession, record.threshold)

    return {
        "months": int(settled["reference_month"].nunique()),
        "recession_months": int(y.sum()),
        **dict.fromkeys(SCORES),
        **{name: asdict(band(statistic, p, y)) for name, statistic in asked.items()},
        "false_alarms": asdict(band(false_alarms, p, y)),
    }


def by_information(
    steps: Iterator[tuple[str, int, pd.DataFrame]], model: Record, day: pd.Timestamp, chronology: Chronology
) -> list[Row]:
    """The model's scores at each step of `information.answers_by_information`."""
    settled = ((title, lag, settled_scores(said, day, chronology)) for title, lag, said in steps)
    return [
        {"information": title, "days_after_month": lag, **scores(rows, model)}
        for title, lag, rows in settled
        if rows["reference_month"].nunique() >= FEWEST_MONTHS
    ]


def coverage(record: Record, day: pd.Timestamp, chronology: Chronology) -> Row:
    """The months that a record covers, in stretches without a hole, and the recessions that are not in it.

    too_old: month ends with an answer that are not covered, since its data were too old.
    """
    covered, asked = record.covered, pd.DatetimeIndex(record.scores.index)
    missing = [
        (f"{r.peak:%Y-%m}", f"{r.trough:%Y-%m}" if r.trough else None) for r in not_in_record(covered, chronology, day)
    ]
    return {
        "months": len(covered.months),
        "too_old": int((~covered.covers(asked)).sum()),
        "stretches": [{"first": f"{s.first:%Y-%m}", "last": f"{s.last:%Y-%m}"} for s in covered.stretches],
        "in_words": covered.in_words,
        "not_in_record": [{"peak": peak, "trough": trough} for peak, trough in missing],
    }


def recession_in_words(recession: Mapping[str, str | None]) -> str:
    """A recession of `not_in_record`, from peak to trough."""
    return f"{recession['peak']} to {recession['trough'] or 'today'}"


def covered_in_words(document: Mapping[str, Any]) -> str:
    """What the coverage of a record (`coverage`) is, for people."""
    covered, old = document["in_words"] or "no month", document["too_old"]
    if not old:
        return covered
    ends = "1 month end is" if old == 1 else f"{old} month ends are"
    return f"{covered} ({ends} left out: the data lay more than {OLDEST} months behind)"


def declarations(record: Record, day: pd.Timestamp, chronology: Chronology) -> Row | None:
    """When the record's contractions were declared beside the chronology; None where it was not asked on days."""
    if record.spans is None:
        return None
    found = timeliness(record.spans, chronology, record.covered, day)
    return {
        "name": record.name,
        "title": record.title,
        "peak": _delay(found, "peak"),
        "trough": _delay(found, "trough"),
        "turns": [_plain(asdict(turn)) for turn in found.turns],
        "false_alarms": [_span(span) for span in found.false_alarms],
        "early": [_span(span) for span in found.early],
        "reversals": [str(on) for on in found.reversals],
        "unsettled": [_span(span) for span in found.unsettled],
        "limits": _limits(found, record.covered.years(day)),
    }


def lately(record: Record) -> Row | None:
    """The highest answer since 2022, years in which most rules without a false alarm had one; None without any.

    month_ends: with an answer. day, day_highest: of all days of news, where it was asked on days. above: month ends at
    which the answer lay above the threshold.
    """
    ends = _since(record.scores)
    if ends.empty:
        return None
    days = ends.iloc[:0] if record.days is None else _since(record.days)
    return {
        "name": record.name,
        "title": record.title,
        "month_ends": len(ends),
        "highest": float(ends.max()),
        "month": f"{ends.idxmax():%Y-%m}",
        "day_highest": float(days.max()) if len(days) else None,
        "day": f"{days.idxmax():%Y-%m-%d}" if len(days) else None,
        "threshold": record.threshold,
        "above": int((ends > record.threshold).sum()),
    }


def _since(scores: pd.DataFrame) -> pd.Series:
    return scores.loc[scores.index >= LATELY, "score"].dropna()


def comparisons(model: Record, rivals: Sequence[Record], day: pd.Timestamp, chronology: Chronology) -> list[Row]:
    """The model against each rival by Diebold and Mariano, on their first answers about the months of both.

    Squared errors where both give probabilities; else whether the month was called right.
    """
    ours = settled_scores(model.scores, day, chronology)
    return [
        row
        for rival in rivals
        if (row := _compared(model, ours, rival, settled_scores(rival.scores, day, chronology))) is not None
    ]


def reliability_of(record: Record, day: pd.Timestamp, chronology: Chronology) -> Row | None:
    """The reliability curve and the parts of the Brier score; None before enough is settled."""
    settled = settled_scores(record.scores, day, chronology)
    if settled["reference_month"].nunique() < FEWEST_MONTHS:
        return None
    return asdict(reliability(settled["score"].to_numpy(float), settled["recession"].to_numpy(bool)))


def _periods(settled: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    month = pd.DatetimeIndex(settled["reference_month"])
    pandemic = month.year == PANDEMIC
    periods = [("all months", settled)]
    if (month < HALF).any():
        periods += [("before 1995", settled[month < HALF]), ("since 1995", settled[month >= HALF])]
    return periods + ([("without 2020", settled[~pandemic])] if pandemic.any() else [])


def _delay(found: Timeliness, turn: Turn) -> Row:
    delay = found.delay(turn)
    days = np.array([each.days for each in found.turns if each.turn == turn and each.days is not None], float)
    return {**asdict(delay), "days_band": asdict(mean_band(days))}


def _limits(found: Timeliness, years: float) -> Row:
    peaks = found.delay("peak")
    known: Limits = limits(peaks.turning_points, peaks.declared, len(found.false_alarms), years, peaks.sd)
    return {**asdict(known), "sentence": sentence(known)}


def _compared(model: Record, ours: pd.DataFrame, rival: Record, theirs: pd.DataFrame) -> Row | None:
    asked = theirs.set_index("reference_month")["score"].rename("rival")
    both = ours.set_index("reference_month").join(asked, how="inner").sort_index()
    y = both["recession"].to_numpy(float)
    if rival.probability:
        loss, kind = [(both[name].to_numpy(float) - y) ** 2 for name in ("score", "rival")], "squared error"
    else:
        limits = {"score": model.threshold, "rival": rival.threshold}
        loss = [(both[name].gt(limit).to_numpy(float) != y).astype(float) for name, limit in limits.items()]
        kind = "wrong calls"
    found = diebold_mariano(*loss)
    if found is None:
        return None
    return {"name": rival.name, "title": rival.title, "loss": kind, **asdict(found)}


def _span(span: Span) -> Row:
    return {"begun": str(span.begun), "ended": None if span.ended is None else str(span.ended)}


def _plain(row: Row) -> Row:
    return {name: value if value is None or isinstance(value, int) else str(value) for name, value in row.items()}
