"""A record that nobody gave, with everything that an evaluation asks for."""

import numpy as np
import pandas as pd

from macro_cycle.cycles import shipped
from macro_cycle.declared import DailyAnswer
from macro_cycle.evaluation.answers import ONSETS, Answers
from macro_cycle.evaluation.scoring import MODEL, Evaluated, Subject, evaluate_answers
from macro_cycle.evaluation.track_record import Record
from macro_cycle.observations import Catalog
from macro_cycle.observations.provenance import Provenance
from macro_cycle.sources.sample import Sample

TODAY = pd.Timestamp("2026-11-24")
DEFINITION = shipped()
CHRONOLOGY = DEFINITION.chronology
SUBJECT = Subject(Catalog.load(), DEFINITION.features, DEFINITION.chronology, DEFINITION.declared)


def said(first: str = "1970-01-01", last: str = "2026-09-01", noise: float = 0.1) -> Answers:
    """Answers of somebody who knows the chronology but for a little noise, on the 8th and the last day of a month."""
    months = pd.date_range(first, last, freq="MS")
    about = pd.DatetimeIndex(months - pd.DateOffset(months=1))
    low = DEFINITION.chronology.recession_indicator(about).to_numpy(float)
    rng = np.random.default_rng(0)
    p = np.clip(0.9 * low + 0.05 + noise * rng.normal(size=len(months)), 0.001, 0.999)
    daily = [
        DailyAnswer(day.date(), month.date(), probability, (probability,), 1.0, None, None, 3 * (probability,))
        for as_of, month, probability in zip(months, about, map(float, p), strict=True)
        for day in (as_of + pd.Timedelta(days=7), as_of + pd.offsets.MonthEnd(0))
    ]
    table = pd.DataFrame({"reference_month": about, "score": p}, months.rename("as_of"))
    table["label"] = np.where(p > 0.5, "Contraction", "Expansion")
    shares = {"Expansion": 0.7 * (1 - p), "Peak": 0.3 * (1 - p), "Contraction": 0.8 * p, "Trough": 0.2 * p}
    foreseen = {f"{chain}begins_{n}": 0.01 * n for n in ONSETS for chain in ("", "chain_")}
    foreseen |= {f"{chain}recession_{n}": 0.5 * p + 0.01 * n for n in ONSETS for chain in ("", "chain_")}
    return Answers(tuple(daily), table.assign(**shares, **foreseen))


def made_up(answers: Answers, rivals: list = (), **options) -> Evaluated:  # type: ignore[assignment, no-untyped-def]
    """Their evaluation on the sample's history."""
    record = Record(MODEL, "Macro Cycle", answers.months[["reference_month", "score"]])
    sample = Sample(SUBJECT.catalog)
    history = sample.observations(sample.available()).assign(realtime_end=pd.NaT)
    provenance = Provenance(one_vintage=1, revised_until="2026-08-31")
    return evaluate_answers(answers, record, history, SUBJECT, list(rivals), TODAY, provenance=provenance, **options)
