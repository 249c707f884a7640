"""What a model said in real time: an answer on each day of news, and at month ends the phases and the onset foreseen.

Here: asking models that were estimated at month ends. Not here: where these come from (on file, or a walk-forward), and
how good the answers are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.declared import DailyAnswer, Rule, Standing, follow_answers
from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.daily import answer_of, answers_between
from macro_cycle.evaluation.stationary_chain import stationary_chain
from macro_cycle.evaluation.timeliness import Span, spans_of
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.platform.months import key_of
from macro_cycle.records import Declared
from macro_cycle.warehouse.models import ModelStore

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM

ONSETS = (3, 6, 12)
Estimated = tuple[pd.Timestamp, pd.DataFrame | None, "MacroCycleHMM | None"]
"""A month end, the panel known then, and the model estimated on it; None while too little is known."""
Progress = Callable[[int], None]
"""Is told how many month ends are done."""


@dataclass(frozen=True)
class Answers:
    """daily: ascending, one a day of news. months: by as-of month (month starts), what was said at its end.

    Columns of months: reference_month, score (recession probability), label, a probability for each phase by what it
    means (`hmm.phases`), and for n of 3, 6, 12: begins_n (probability that a recession begins within so many months),
    recession_n (that one is under way so many months ahead), chain_begins_n and chain_recession_n (the same by the
    stationary chain).
    """

    daily: tuple[DailyAnswer, ...]
    months: pd.DataFrame

    @property
    def days(self) -> pd.DataFrame:
        """By day: reference_month, score."""
        rows = [(pd.Timestamp(a.reference_month), a.recession_probability) for a in self.daily]
        index = pd.DatetimeIndex([pd.Timestamp(a.day) for a in self.daily], name="day")
        return pd.DataFrame(rows, index, ["reference_month", "score"])


def answers(
    panels: RealTimePanels,
    estimated: Iterable[Estimated],
    progress: Progress = lambda done: None,
    on_record: Mapping[str, Declared] | None = None,
) -> Answers:
    """Between the ends of two months in a row the model of the earlier one answers; at a month end its own does.

    on_record: what is on record of months, by partition key; their days are read from it, and no model is asked.
    """
    daily: list[DailyAnswer] = []
    kept = on_record or {}
    months: dict[pd.Timestamp, dict[str, object]] = {}
    before: tuple[pd.Timestamp, MacroCycleHMM] | None = None
    for number, (end, panel, model) in enumerate(estimated):
        record = kept.get(key_of(end))
        if record is not None:
            daily += record.days
        elif before is not None and end - pd.offsets.MonthEnd(1) == before[0]:
            daily += answers_between(panels, before[1], before[0], end - pd.Timedelta(days=1))
        if panel is not None and model is not None:
            if record is None:
                daily.append(answer_of(model, panel, end))
            months[end.to_period("M").to_timestamp()] = _said(model, panel)
            before = (end, model)
        progress(number + 1)
    return Answers(tuple(daily), pd.DataFrame.from_dict(months, orient="index").rename_axis("as_of"))


def declared_spans(
    said: Answers, rule: Rule, coverage: Coverage, on_record: Mapping[str, Declared] | None = None
) -> tuple[Span, ...]:
    """The contractions declared, stretch by stretch: those on record, and in months without one those of the rule.

    A contraction that stands where a stretch begins begins with it; one that stands where it ends has no end.
    """
    by_month = {month: list(days) for month, days in groupby(said.daily, lambda answer: key_of(answer.day))}
    spans: list[Span] = []
    for stretch in coverage.stretches:
        months = [f"{month:%Y-%m-%d}" for month in pd.date_range(stretch.first, stretch.last, freq="MS")]
        spans += spans_of(list(_declared(months, by_month, rule, on_record or {})))
    return tuple(spans)


def _declared(
    months: Sequence[str], by_month: Mapping[str, list[DailyAnswer]], rule: Rule, on_record: Mapping[str, Declared]
) -> Iterator[tuple[date, bool]]:
    """Days on which a phase is declared, and whether it is a contraction, over months without a hole.

    The first is no declaration: it says what stands where the months begin.
    """
    standing, opened = Standing(), False
    for month in months:
        days, record = by_month.get(month, []), on_record.get(month)
        if record is None:
            standing, made = follow_answers(standing, days, rule)
        else:
            opening = days[0].day if days else date.fromisoformat(month)
            standing, made = record.standing, [d for d in record.declarations if opened or d.declared_on >= opening]
            if not opened:
                yield opening, made[0].phase == "expansion" if made else record.phase == "contraction"
        opened = opened or record is not None or bool(days)
        yield from ((each.declared_on, each.phase == "contraction") for each in made)


def on_file(panels: RealTimePanels, calls: pd.DataFrame, models: ModelStore) -> Iterator[Estimated]:
    """The models behind the stored calls (columns as_of, model_version), by month end; those not kept are left out."""
    from macro_cycle.hmm import MacroCycleHMM

    for as_of, version in zip(calls["as_of"], calls["model_version"], strict=True):
        stored = models.load(version)
        if stored is not None and stored.document:
            end = pd.Timestamp(as_of)
            yield end, panels.or_none(end), MacroCycleHMM.from_document(dict(stored.document))


def _said(model: "MacroCycleHMM", panel: pd.DataFrame) -> dict[str, object]:
    filtered = model.filter(panel).filtered_probs
    ahead, chain = model.forecast(panel, max(ONSETS)), stationary_chain(model, panel, max(ONSETS))
    foreseen = {
        "begins": ahead.recession_begins,
        "recession": ahead.recession_probability,
        "chain_begins": chain.begins,
        "chain_recession": chain.recession,
    }
    return {
        "reference_month": panel.index[-1],
        "score": float(model.recession_probability(filtered[-1])),
        "label": str(model.labels_of(filtered)[-1]),
        **{label: float(p) for label, p in zip(model.labels, model.phases(panel)[-1], strict=True)},
        **{f"{name}_{n}": float(said[n - 1]) for name, said in foreseen.items() for n in ONSETS},
    }
