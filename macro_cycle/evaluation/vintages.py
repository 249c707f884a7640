"""A record of vintages in a folder, without a store: the configuration walked forward on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.answers import Answers, Progress, answers
from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.daily import estimated_models
from macro_cycle.evaluation.scoring import MODEL, Subject
from macro_cycle.evaluation.track_record import Record
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog
from macro_cycle.observations.provenance import Provenance, Publications
from macro_cycle.sources.fred_md import FredMd

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig


def vintage_history(folder: Path, catalog: Catalog, series_ids: Sequence[str]) -> pd.DataFrame:
    """The folder's FRED-MD vintages as a history of observations, in the form of `Warehouse.history`.

    Before the first vintage its own values stand, dated by publication lags: they are marked `estimated`.

    Raises:
        MacroCycleError: the folder holds no vintage, or one cannot be read.
    """
    source = FredMd(folder, catalog)
    present = sorted(set(series_ids) & set(source.available()))
    if not present:
        raise MacroCycleError(f"the vintages in {folder} have none of the series {', '.join(sorted(series_ids))}")
    facts = source.observations(present).sort_values(["series_id", "date", "realtime_start"], kind="stable")
    first = facts["realtime_start"].min()
    estimated, lagged = facts["realtime_start"] == first, facts["realtime_start"].copy(deep=True)
    for series_id, rows in facts[estimated].groupby("series_id"):
        usual = pd.DatetimeIndex(catalog.spec(str(series_id)).release_dates(pd.DatetimeIndex(rows["date"])))
        lagged[rows.index] = usual.where(usual <= first, first)
    following = facts.groupby(["series_id", "date"])["realtime_start"].shift(-1)
    dated = facts.assign(realtime_start=lagged, realtime_end=following, estimated=estimated)
    return dated.reset_index(drop=True)[["series_id", "date", "value", "realtime_start", "realtime_end", "estimated"]]


def provenance_of(history: pd.DataFrame, record: Record) -> Provenance:
    """The kind of history behind the record, of a history that `vintage_history` made."""
    first = history.loc[~history["estimated"], "realtime_start"].min()
    estimated_on = pd.Series(first, history.index).where(history["estimated"])
    rows = history[history["value"].notna()].assign(estimated_on=estimated_on, witnessed=False)
    return Publications(rows).provenance(list(pd.DatetimeIndex(record.scores.index) + pd.offsets.MonthEnd(0)))


def walked(
    history: pd.DataFrame,
    subject: Subject,
    config: "HMMConfig",
    first_month: pd.Timestamp,
    every: int,
    progress: Progress = lambda done: None,
) -> tuple[Answers, Record]:
    """The configuration's answers from `first_month` on, estimated again at every `every`-th month end.

    Month ends by which nothing new was known are left out of the record, as where a folder lacks vintages.
    """
    last = pd.concat([history["realtime_start"], history["realtime_end"].dropna()]).max()
    months = pd.date_range(first_month, last + pd.offsets.MonthEnd(0), freq="MS")
    panels = RealTimePanels(history, subject.catalog, subject.features)
    models = estimated_models(panels, config, list(months + pd.offsets.MonthEnd(0)), every)
    said = answers(panels, models, progress)
    if said.months.empty:
        raise MacroCycleError(f"too little is known by {last:%Y-%m-%d} to estimate a model: give a longer history")
    coverage = Coverage.of(pd.DatetimeIndex(said.months.index), said.months["reference_month"])
    scores = said.months.drop_duplicates("reference_month")[["reference_month", "score"]]
    return said, Record(MODEL, "Macro Cycle", scores, coverage=coverage)
