"""How well 1948-69 is dated from series that begin in 1939, in real time: the example definition and its neighbours.

usage: python -m benchmarks.long_history [months between re-estimations, default 6]
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.figures import Figure, figure
from macro_cycle.cycles import CycleDefinition
from macro_cycle.evaluation.metrics import auroc, brier, call_delays, calls, false_alarm_share
from macro_cycle.features import Feature, FeatureSet
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.hmm import HMMConfig, fit_windows
from macro_cycle.sources.sample import Sample

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "us_1939.yaml"
START, END = "1948-06-01", "2026-07-01"
SPANS = {"1948-69": ("1948-06", "1969-11"), "since 1970": ("1969-12", "2026-07")}
NEAR = pd.DateOffset(months=4)


@cache
def example() -> tuple[CycleDefinition, pd.DataFrame]:
    """The example definition and the history of its sample."""
    definition = CycleDefinition.read(EXAMPLE)
    sample = Sample(definition.catalog(), definition.folder / "us_1939")
    return definition, sample.observations(sample.available()).assign(realtime_end=pd.NaT)


def walk(features: FeatureSet, config: HMMConfig, every: int, since: str = "1939-01-01") -> pd.DataFrame:
    """By as-of month: reference_month and probability of recession, from data that begin with `since`."""
    definition, history = example()
    panels = RealTimePanels(history[history["date"] >= since], definition.catalog(), features)
    months = pd.date_range(START, END, freq="MS")
    known = [panels.on(month + pd.offsets.MonthEnd(0)) for month in months]
    models = fit_windows(known[::every], config, chain=False)
    rows = []
    for i, panel in enumerate(known):
        model = models[i // every]
        rows.append((panel.index[-1], float(model.recession_probability(model.nowcast(panel)))))
    return pd.DataFrame(rows, months, ["reference_month", "probability"]).drop_duplicates("reference_month")


def scores(said: pd.DataFrame, first: str, last: str) -> dict[str, float]:
    """AUROC, Brier score, false alarms, recessions called by month four, the slowest, declarations far from any."""
    chronology = example()[0].chronology
    months = pd.DatetimeIndex(said["reference_month"])
    said = said[(months >= first) & (months <= last)]
    recession = chronology.recession_indicator(pd.DatetimeIndex(said["reference_month"])).to_numpy()
    probability = said["probability"]
    asked = [
        r
        for r in chronology.recessions
        if r.trough is not None and said.index[0] < r.peak and r.trough <= said.index[-1]
    ]
    delays = call_delays(probability, asked)
    return {
        "AUROC": auroc(probability, recession),
        "Brier score": brier(probability, recession),
        "false alarms, %": 100 * false_alarm_share(probability, recession),
        "recessions": float(len(asked)),
        "called by month four": float((delays <= 4).sum()),
        "slowest call, month ends": float(delays.fillna(float("inf")).max()),
        "false declarations": float(false_declarations(probability)),
    }


def false_declarations(probability: pd.Series) -> int:
    """Runs of calls none of which is within four months of a recession."""
    called = calls(probability)
    runs = called.ne(called.shift()).cumsum()[called]
    recessions = example()[0].chronology.recessions

    def near(month: pd.Timestamp) -> bool:
        return any(r.trough is not None and r.peak - NEAR <= month <= r.trough + NEAR for r in recessions)

    return sum(not any(map(near, run.index)) for _, run in called[called].groupby(runs))


def variants() -> Iterator[tuple[str, FeatureSet, HMMConfig, str]]:
    """The example, what differs from it in one way, and what needs no local scale."""
    definition, _ = example()
    features, config = definition.features, definition.hmm_config(n_restarts=3)
    activity, since = features.features[0], "1939-01-01"
    yield "the example", features, config, since
    for half_life in (60, 180, 240):
        yield f"half-life of {half_life} months", _with(activity, half_life=half_life), config, since
    for span in (1, 3):
        yield f"mean of {span} months", _with(activity, span=span), config, since
    for discount in (0.5, 1.0):
        yield f"discount {discount:g}", features, config.replace(discount=discount), since
    for name in ("MANEMP", "USGOOD"):
        yield f"with {name}", _with(activity, series_ids=(*activity.series_ids, name)), config, since
    yield "one scale for all", _with(activity, half_life=None), config, since
    yield "one scale, data from 1946", _with(activity, half_life=None), config, "1945-12-01"
    momentum = Feature(name="MOMENTUM", series_ids=activity.series_ids, role="momentum", span=3, change=5)
    apart = [Feature(name=s, series_ids=(s,), role="activity") for s in activity.series_ids]
    for name, half_life in (("four phases, each series", None), ("four phases, each series, local scale", 120)):
        each = FeatureSet(features=tuple(f.model_copy(update={"half_life": half_life}) for f in (*apart, momentum)))
        yield name, each, config.replace(roles=dict(each.roles), n_regimes=4, discount=0.45), since


def _with(activity: Feature, **changes: object) -> FeatureSet:
    return FeatureSet(features=(activity.model_copy(update=changes),))


def measure() -> list[Figure]:
    """The example, re-estimated once a year."""
    _, features, config, since = next(variants())
    said = walk(features, config, 12, since)
    targets = {"AUROC": ">= 0.975", "called by month four": ">= 4", "false declarations": "<= 1"}
    return [
        figure(f"{name}, {span}", value, "", targets.get(name, "") if span == "1948-69" else "")
        for span, (first, last) in SPANS.items()
        for name, value in scores(said, first, last).items()
    ]


def main() -> None:
    """Print the variants' figures in Markdown, both spans."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    for name, features, config, since in variants():
        said = walk(features, config, every, since)
        found = [scores(said, first, last) for first, last in SPANS.values()]
        cells = [
            f"{v:.3f}" if k in ("AUROC", "Brier score") else f"{v:.1f}".removesuffix(".0")
            for s in found
            for k, v in s.items()
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
