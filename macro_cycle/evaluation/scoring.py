"""The model's answers scored beside rivals, all from the same observations in the same run.

Here: putting the records of model and rivals together from a history of observations. Not here: asking the rivals
(`rival_records`), and the figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from macro_cycle.declared import Rule
from macro_cycle.evaluation import sections
from macro_cycle.evaluation.answers import Answers, answers, declared_spans, on_file
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.information import answers_by_information
from macro_cycle.evaluation.phases_and_onsets import ahead_rows, onset_rows, phase_rows
from macro_cycle.evaluation.rival_records import Says, rival_records, shared_coverage, silent
from macro_cycle.evaluation.rivals import Rival
from macro_cycle.evaluation.track_record import Record, evaluation
from macro_cycle.features import FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog
from macro_cycle.observations.provenance import NOT_STATED, Provenance, Publications
from macro_cycle.records import Declared
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.models import ModelStore
from macro_cycle.warehouse.regimes import RegimeStore

MODEL = "model"


@dataclass(frozen=True)
class Subject:
    """The cycle whose answers are scored, and the rule by which its phase is declared."""

    catalog: Catalog
    features: FeatureSet
    chronology: Chronology
    rule: Rule


@dataclass(frozen=True)
class Evaluated:
    """The document of an evaluation, and the records behind it, the model's first."""

    document: dict[str, Any]
    records: tuple[Record, ...]

    @property
    def calls(self) -> pd.DataFrame:
        """The model's scores by as-of month."""
        return self.records[0].scores


def evaluate_calls(
    store: Warehouse,
    regimes: RegimeStore,
    subject: Subject,
    rivals: Sequence[Rival],
    day: pd.Timestamp,
    *,
    declared: Mapping[str, Declared] | None = None,
    on_days: bool = False,
    given: Sequence[Record] = (),
    says: Says = silent,
) -> Evaluated:
    """The evaluation of all calls by what was settled on `day`.

    Each reference month is scored at its first answer; `repeated` counts the month ends that answered about it again.
    declared: the declared phases on record, by partition key; between month ends of other months the models on file are
    asked. Rivals are scored at the month ends of the others, with `on_days` on every day of news to them too; those
    that cannot be asked are named in the document's `left_out`. given: records that were not made here.

    Raises:
        MacroCycleError: there is no call yet.
    """
    calls, history = regimes.calls(), history_read(store, subject, rivals)
    panels = RealTimePanels(history, subject.catalog, subject.features)
    said = answers(
        panels,
        on_file(panels, calls, ModelStore(store.engine)),
        lambda done: says(f"the model's answers: month {done} of {len(calls)}"),
        declared,
    )
    record = model_record(calls)
    ends = list(pd.DatetimeIndex(record.scores.index) + pd.offsets.MonthEnd(0))
    found = evaluate_answers(
        said,
        record,
        history,
        subject,
        rivals,
        day,
        declared=declared,
        on_days=on_days,
        given=given,
        says=says,
        label_changes=regimes.label_changes(),
        provenance=Publications(store.publications(subject.features.series_ids)).provenance(ends),
    )
    repeated = len(calls) - record.scores["reference_month"].nunique()
    return replace(found, document={**found.document, "repeated": int(repeated)})


def history_read(store: Warehouse, subject: Subject, rivals: Sequence[Rival]) -> pd.DataFrame:
    """What the store has of the series that the cycle, its rivals and the probit on the term spread read."""
    wanted = {*subject.features.series_ids, *(s for rival in rivals for s in rival.reads), "GS10", "TB3MS"}
    return store.history(sorted(wanted & set(store.series_ids())))


def evaluate_answers(
    said: Answers,
    model: Record,
    history: pd.DataFrame,
    subject: Subject,
    rivals: Sequence[Rival],
    day: pd.Timestamp,
    *,
    declared: Mapping[str, Declared] | None = None,
    on_days: bool = False,
    given: Sequence[Record] = (),
    says: Says = silent,
    label_changes: pd.Series | None = None,
    provenance: Provenance | None = None,
) -> Evaluated:
    """The evaluation of a model's answers; `model` is its record of month ends, `history` what its days are from."""
    chronology = subject.chronology
    coverage = model.covered
    model = replace(model, coverage=coverage)
    if said.daily:
        model = replace(model, days=said.days, spans=declared_spans(said, subject.rule, coverage, declared))
    rule = subject.rule if on_days else None
    records, left_out = rival_records(rivals, history, subject.catalog, model, rule, says)
    every = (model, *records, *(replace(each, coverage=shared_coverage(model, each.scores)) for each in given))
    says("bands and tests")
    declarations = [row for each in every if (row := sections.declarations(each, day, chronology))]
    days = said.days[coverage.covers(pd.DatetimeIndex(said.days.index))]
    steps = answers_by_information(days, history, subject.catalog, subject.features) if len(days) else iter(())
    changes = pd.Series(dtype=float) if label_changes is None else label_changes
    document = {
        **evaluation(model, every[1:], changes, day, chronology),
        "coverage": sections.coverage(model, day, chronology),
        "rule": subject.rule.model_dump(),
        "periods": [row for each in every for row in sections.periods(each, day, chronology)],
        "bands": sections.BANDS,
        "declarations": declarations,
        "lately": [row for each in every if (row := sections.lately(each))],
        "information": sections.by_information(steps, model, day, chronology),
        "comparisons": sections.comparisons(model, every[1:], day, chronology),
        "reliability": sections.reliability_of(model, day, chronology),
        **(phase_rows(said.months, day, chronology) if len(said.months) else {}),
        "onsets": onset_rows(said.months, history, day, chronology) if len(said.months) else [],
        "ahead": ahead_rows(said.months, day, chronology) if len(said.months) else [],
        "sources": {each.name: {"source": each.source, "note": each.note} for each in every[1:]},
        "commands": {},
        "repeated": 0,
        "rests_on": NOT_STATED if provenance is None else provenance.in_words,
        "left_out": left_out,
    }
    return Evaluated(document, every)


def model_record(calls: pd.DataFrame) -> Record:
    """The record of stored calls (columns as_of, reference_month, recession_probability, news).

    An answer that repeats another for want of data is left out: it is not evidence a second time. Its month is covered.
    """
    coverage = Coverage.of(calls["as_of"], calls["reference_month"])
    calls = calls[calls["news"]]
    index = pd.DatetimeIndex(calls["as_of"]).to_period("M").to_timestamp().rename("as_of")
    scores = calls[["reference_month", "recession_probability"]].set_axis(["reference_month", "score"], axis=1)
    return Record(MODEL, "Macro Cycle", scores.set_axis(index, axis=0), coverage=coverage)
