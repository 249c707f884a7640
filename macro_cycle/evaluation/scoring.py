"""The calls on file scored beside rivals, all from the same stored observations in the same run."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.baselines import SERIES, Baseline, scores_in_real_time
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.track_record import Record, evaluation
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.observations import as_of_view
from macro_cycle.warehouse.regimes import RegimeStore

MODEL = "model"


def evaluate_calls(
    store: Warehouse, regimes: RegimeStore, rivals: Sequence[Baseline], day: pd.Timestamp, chronology: Chronology
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The evaluation of all calls by what was settled on `day`, and the calls (by as-of month).

    Answers without new data are not scored; `repeated` counts them. Rivals are scored at the month ends of the others.
    Rivals whose series the store lacks are left out, and named in the document's `left_out`.

    Raises:
        MacroCycleError: there is no call yet.
    """
    calls = regimes.calls()
    model = model_record(calls)
    frames = list(as_of_months(store, pd.DatetimeIndex(model.scores.index)))
    records, left_out = rival_records(rivals, frames)
    document = evaluation(model, records, regimes.label_changes(), day, chronology)
    return {**document, "repeated": len(calls) - len(model.scores), "left_out": left_out}, model.scores


def model_record(calls: pd.DataFrame) -> Record:
    """The record of stored calls (columns as_of, reference_month, recession_probability, news).

    An answer that repeats another for want of data is left out: it is not evidence a second time.
    """
    calls = calls[calls["news"]]
    index = pd.DatetimeIndex(calls["as_of"]).to_period("M").to_timestamp().rename("as_of")
    scores = calls[["reference_month", "recession_probability"]].set_axis(["reference_month", "score"], axis=1)
    return Record(MODEL, "Macro Cycle", scores.set_axis(index, axis=0))


def rival_records(
    rivals: Sequence[Baseline], frames: Sequence[tuple[pd.Timestamp, pd.DataFrame]]
) -> tuple[list[Record], list[str]]:
    """What the rivals said at the same month ends, and a line for each whose series or package is lacking."""
    records, left_out = [], []
    for rival in rivals:
        try:
            scores = scores_in_real_time(rival, frames)
        except MacroCycleError as error:
            left_out.append(f"{rival.title}: {error}")
        else:
            records.append(Record(rival.name, rival.title, scores, rival.threshold, rival.probability))
    return records, left_out


def as_of_months(
    store: Warehouse, months: pd.DatetimeIndex, more: Sequence[str] = ()
) -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
    """What was known at the end of each month (month starts) of the rivals' series, and of `more`, from one read."""
    history = store.history(sorted({*SERIES, *more} & set(store.series_ids())))
    for month in months:
        yield month, as_of_view(history, month + pd.offsets.MonthEnd(0))
