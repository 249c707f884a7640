"""Answers of each day since 1969: of the bundled sample, of models next to the default, and inside FRED-MD vintages."""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.default_model.walk_forward import CATALOG, END, default_config, sample_observations
from macro_cycle.cycles import shipped
from macro_cycle.declared import Declaration, Rule, Standing, follow_answers
from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.daily import DailyWalk, walk_forward_daily
from macro_cycle.evaluation.timeliness import Timeliness, spans_of, timeliness
from macro_cycle.features import FeatureSet
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.sources.undated import with_publication_lags

START = "1969-06-01"  # before the first recession that is asked about, of December 1969
CHRONOLOGY = shipped().chronology.model_copy(update={"scored_since": None})


@cache
def sample_walk() -> DailyWalk:
    """The default model on the sample, re-estimated at each month end."""
    return _walk(sample_observations(), END, 1)


def neighbour_walks(every: int = 3) -> Iterator[tuple[str, DailyWalk]]:
    """Models next to the default on the sample: what holds there too does not hang on the default."""
    observations, features = sample_observations(), shipped().features
    unrated = FeatureSet(features=tuple(f for f in features.features if f.name != "TB3MS"))
    yield "discount .35", _walk(observations, END, every, discount=0.35)
    yield "winsor 3.5", _walk(observations, END, every, winsor=3.5)
    yield "without the bill rate", _walk(observations, END, 1, unrated)


def vintage_walks(folder: Path, every: int = 3) -> Iterator[tuple[str, DailyWalk]]:
    """The default model inside each vintage up to its own month, re-estimated every so many months."""
    for vintage in FredMd(folder, CATALOG).vintages:
        table = vintage.read(sorted(set(shipped().features.series_ids)))
        values = table.rename_axis("date").melt(ignore_index=False, var_name="series_id").dropna().reset_index()
        dated = with_publication_lags(values, CATALOG, vintage.known_on)
        yield str(vintage.month), _walk(dated, f"{vintage.month.to_timestamp():%Y-%m-%d}", every)


def _walk(
    observations: pd.DataFrame, end: str, every: int, features: FeatureSet | None = None, **options: object
) -> DailyWalk:
    history = observations.assign(realtime_end=pd.NaT)
    months = list(pd.date_range(START, end, freq="MS"))

    def progress(done: int, of: int) -> None:
        if done % 120 == 0:
            print(f"{done} of {of} months", file=sys.stderr, flush=True)

    features = features or shipped().features
    config = default_config(features, **options)
    return walk_forward_daily(history, CATALOG, features, config, months, every, progress)


def declared_by(rule: Rule, walk: DailyWalk) -> list[Declaration]:
    """What the rule declares from the answers of a walk."""
    return follow_answers(Standing(), walk.answers, rule)[1]


def premature(found: Timeliness) -> int:
    """Contractions that no recession bears out, and those declared before the peak's month had ended."""
    return len(found.false_alarms) + len(found.early)


def scored(rule: Rule, walk: DailyWalk) -> Timeliness:
    """What the rule declares from a walk, beside the NBER's turning points since December 1969."""
    spans = spans_of([(d.declared_on, d.phase == "contraction") for d in declared_by(rule, walk)])
    last = pd.Timestamp(walk.answers[-1].day)
    return timeliness(spans, CHRONOLOGY, Coverage.between(pd.Timestamp(START), last), last)
