"""The real-time record that the gate weighs, by what had been announced on the day of judgement."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.rival_records import rival_records
from macro_cycle.evaluation.rivals import simple_rivals
from macro_cycle.evaluation.scoring import MODEL, model_record
from macro_cycle.evaluation.track_record import Record, figures, settled_scores
from macro_cycle.evaluation.walk_forward import frames_at, walk_forward
from macro_cycle.features import FeatureSet
from macro_cycle.observations import Catalog
from macro_cycle.platform.versions import document_version
from macro_cycle.promotion.gate import FEWEST_SETTLED, Evidence
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.regimes import RegimeStore

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig

STEP = 3


def gather(
    store: Warehouse,
    regimes: RegimeStore,
    catalog: Catalog,
    features: FeatureSet,
    challenger: "HMMConfig",
    champion: "HMMConfig | None",
    chronology: Chronology,
    day: pd.Timestamp,
    first_month: pd.Timestamp,
) -> Evidence:
    """The records of both configurations and of the rules, over the same month ends.

    A configuration's record are the calls on file that it gave. Where they cover fewer than `FEWEST_SETTLED` settled
    months (a new home, a changed configuration) the configuration is walked forward instead: from `first_month` on,
    as of every third month end, estimated again every other year, on what the store says was known then.
    """
    on_file = _calls_of(regimes, challenger, chronology, day)
    months = pd.DatetimeIndex(on_file.scores.index) if on_file else pd.date_range(first_month, day, freq=f"{STEP}MS")
    rules = simple_rivals()
    wanted = {*features.series_ids, *(series_id for rival in rules for series_id in rival.reads)}
    history = store.history(sorted(wanted & set(store.series_ids())))
    known = pd.DatetimeIndex([month for month, frame in frames_at(history, months) if len(frame)])

    # Nobody is asked in the months between, and nothing is missed in them: they are no holes.
    coverage = Coverage.between(known[0], known[-1]) if len(known) else Coverage()

    def walked(config: "HMMConfig") -> Record:
        scores = walk_forward(frames_at(history, known), catalog, features, config)
        return Record(MODEL, "walk-forward", scores, coverage=coverage)

    record = on_file or walked(challenger)
    asked = replace(record, scores=record.scores[record.scores.index.isin(known)])
    same = champion is None or champion == challenger
    return Evidence(
        challenger=figures(record, day, chronology),
        champion=None if same or champion is None else figures(walked(champion), day, chronology),
        rivals=[figures(said, day, chronology) for said in rival_records(rules, history, catalog, asked)[0]],
        source="calls on file" if on_file else f"walk-forward over {len(asked.scores)} month ends",
    )


def _calls_of(regimes: RegimeStore, config: "HMMConfig", chronology: Chronology, day: pd.Timestamp) -> Record | None:
    """The calls by `day` that models of this configuration gave, if they cover enough settled months.

    A long record is thinned to every third month end.
    """
    calls = regimes.calls_of(document_version(config.to_document()))
    if calls.empty:
        return None
    record = model_record(calls)
    scores = record.scores[record.scores.index <= day]
    settled = settled_scores(scores, day, chronology)["reference_month"].nunique()
    if settled < FEWEST_SETTLED:
        return None
    return replace(record, scores=scores[::-STEP][::-1] if settled >= STEP * FEWEST_SETTLED else scores)
