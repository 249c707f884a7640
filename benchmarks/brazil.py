"""Does the second economy's definition date its cycle: Brazil walked forward in real time, against CODACE.

What was known comes from the Brazilian sample: GDP as released, everything else by publication lags. The peer is the
rule of thumb, a recession while the newest two quarters of GDP fell.

usage of the comparison behind the definition: python -m benchmarks.brazil [months between re-estimations, default 3]
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, figure
from macro_cycle.cycles import CycleDefinition, shipped
from macro_cycle.declared import Declaration, Rule, follow_answers
from macro_cycle.declared.rule import Standing
from macro_cycle.evaluation.daily import DailyWalk, walk_forward_daily
from macro_cycle.evaluation.metrics import auroc, brier, call_delays, false_alarm_share
from macro_cycle.features import Feature, FeatureSet
from macro_cycle.hmm import HMMConfig
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

START = pd.Timestamp("2008-01-01")
LATE = pd.DateOffset(months=6)  # after the trough, a contraction is still declared of the recession before
GDP = "PIB"
OTHERS = ("PIM_BENS_CAPITAL", "PIM_BENS_CONSUMO_DURAVEIS", "MASSA_SALARIAL_SA", "CREDITO_CONCESSOES_SA")
RULES = (Rule(), Rule(off_days=7), Rule(on=0.5, off_days=7), Rule(days=30, off_days=30), Rule(months=2, off_days=7))


@dataclass(frozen=True)
class Economy:
    """The definition, what its sample holds (with the days until which each value held), and its month starts."""

    definition: CycleDefinition
    history: pd.DataFrame
    months: pd.DatetimeIndex
    made_on: pd.Timestamp


@cache
def brazil() -> Economy:
    """The shipped definition of Brazil and its sample."""
    definition = shipped("br")
    sample = Sample(definition.catalog(), definition.folder / "br")
    seen = sample.observations(sample.available()).sort_values(["series_id", "date", "realtime_start"])
    ends = seen.groupby(["series_id", "date"])["realtime_start"].shift(-1)
    months = pd.date_range(START, sample.about.ends, freq="MS")
    return Economy(definition, seen.assign(realtime_end=ends), months, sample.made_on)


def walk(features: FeatureSet, config: HMMConfig, every: int = 1) -> DailyWalk:
    """The answers of these features and this model on every day since 2008 on which something was published."""
    economy = brazil()
    return walk_forward_daily(
        economy.history, economy.definition.catalog(), features, config, list(economy.months), every
    )


def at_month_ends(run: DailyWalk) -> pd.DataFrame:
    """By as-of month: reference_month and probability, once for each reference month."""
    table = run.table()
    calls = table[table["month_end"]].drop_duplicates("reference_month")
    return calls.set_axis(pd.DatetimeIndex(calls.index).to_period("M").to_timestamp(), axis=0)


def two_falling_quarters() -> pd.DataFrame:
    """The rule of thumb at the same month ends, of the quarter in which GDP was known last."""
    economy = brazil()
    gdp = economy.history[economy.history["series_id"] == GDP]
    rows = {}
    for month in economy.months:
        known = known_on(gdp, month + pd.offsets.MonthEnd(0)).set_index("date")["value"].sort_index()
        fell = known.diff().iloc[-2:] < 0
        rows[month] = (known.index[-1] + pd.DateOffset(months=2), float(fell.all()))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["reference_month", "probability"])


def scores(calls: pd.DataFrame) -> dict[str, float]:
    """AUROC, Brier score, false alarms and recessions called, over the months that CODACE has settled."""
    economy = brazil()
    chronology = economy.definition.chronology
    settled = chronology.settled(pd.DatetimeIndex(calls["reference_month"]), economy.made_on)
    kept = settled.notna().to_numpy()
    recession, probability = settled[kept].to_numpy(bool), calls["probability"].to_numpy()[kept]
    delays = call_delays(calls["probability"], [r for r in chronology.recessions if r.peak >= START])
    return {
        "AUROC": auroc(probability, recession),
        "Brier score": brier(probability, recession),
        "expansion months called recession": 100 * false_alarm_share(probability, recession),
        "recession months called": 100 * float(np.mean(probability[recession] > 0.5)),
        "recessions called": float(delays.notna().sum()),
        "slowest call": float(delays.fillna(np.inf).max()),
    }


def declarations(run: DailyWalk, rule: Rule) -> list[Declaration]:
    """What the rule declares from the run's answers."""
    return follow_answers(Standing(), run.answers, rule)[1]


def judged(declared: Sequence[Declaration]) -> tuple[int, int, list[int]]:
    """Contractions declared outside recessions, those declared again inside one, and days from the peak month's end."""
    recessions = [r for r in brazil().definition.chronology.recessions if r.peak >= START]
    first: dict[date, int] = {}
    false, again = 0, 0
    for each in declared:
        if each.phase != "contraction":
            continue
        day = pd.Timestamp(each.declared_on)
        inside = [r for r in recessions if r.trough is not None and r.peak < day <= r.trough + LATE]
        if not inside:
            false += 1
        elif inside[0].peak.date() in first:
            again += 1
        else:
            first[inside[0].peak.date()] = (day - (inside[0].peak + pd.offsets.MonthEnd(0))).days
    return false, again, list(first.values())


def measure() -> list[Figure]:
    """The definition as it ships, re-estimated every month, beside the rule of thumb."""
    definition = brazil().definition
    run = walk(definition.features, definition.hmm_config())
    ours, theirs = scores(at_month_ends(run)), scores(two_falling_quarters())
    false, again, days = judged(declarations(run, definition.declared))
    targets = {"AUROC": ">= 0.95", "expansion months called recession": "<= 5", "recessions called": ">= 3"}
    units = {"expansion months called recession": "%", "recession months called": "%", "slowest call": "month ends"}
    peer = "two falling quarters of GDP"
    return [
        *(figure(n, v, units.get(n, ""), targets.get(n, ""), peer, theirs[n]) for n, v in ours.items()),
        figure("declared contractions outside recessions", false, "", "<= 0"),
        figure("contractions declared again inside a recession", again, ""),
        figure("days from the peak month's end to the declaration, mean", float(np.mean(days)), "days"),
        figure("days from the peak month's end to the declaration, longest", float(max(days)), "days"),
    ]


def neighbours() -> Iterator[tuple[str, FeatureSet, HMMConfig]]:
    """The definition and what differs from it in one way."""
    definition = brazil().definition
    features, config = definition.features, definition.hmm_config(n_restarts=3)
    activity = features.features[0]
    yield "as it ships", features, config
    for span in (1, 2, 4, 5, 6):
        yield f"mean of {span} months", _with(activity, span=span), config
    for discount in (0.35, 0.5, 0.85, 1.0):
        yield f"discount {discount:g}", features, config.replace(discount=discount)
    for winsor in (3.0, 5.0, None):
        yield f"winsor {winsor}", features, config.replace(winsor=winsor)
    for strength in (0.25, 4.0):
        yield f"clock prior x {strength:g}", features, config.replace(transition_strength=strength)
    yield "variance per regime", features, config.replace(covariance_type="diag")
    yield "Student-t", features, config.replace(emission="student_t", winsor=10.0)
    yield "three regimes", features, config.replace(n_regimes=3)
    for name in activity.series_ids:
        yield f"without {name}", _with(activity, series_ids=tuple(s for s in activity.series_ids if s != name)), config
    for name in OTHERS:
        yield f"with {name}", _with(activity, series_ids=(*activity.series_ids, name)), config
    momentum = Feature(name="MOMENTUM", series_ids=activity.series_ids, role="momentum", span=3, change=5)
    both = FeatureSet(features=(activity, momentum))
    for regimes in (2, 3, 4):
        roles = dict(both.roles)
        yield f"with momentum, {regimes} regimes", both, config.replace(n_regimes=regimes, roles=roles)
    each = tuple(Feature(name=s, series_ids=(s,), role="activity", span=3) for s in activity.series_ids)
    apart = FeatureSet(features=each)
    yield "each series by itself", apart, config.replace(roles=dict(apart.roles), discount=0.45)


def _with(activity: Feature, **changes: object) -> FeatureSet:
    return FeatureSet(features=(activity.model_copy(update=changes),))


def main() -> None:
    """Print the neighbours' figures, and what other rules of declaration say, in Markdown."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("| | AUROC | Brier | false alarms, % | recession months called, % | called | slowest, month ends |")
    print("|---|---|---|---|---|---|---|")
    for name, features, config in neighbours():
        found = scores(at_month_ends(walk(features, config, every)))
        cells = ("{:.3f}", "{:.3f}", "{:.1f}", "{:.0f}", "{:.0f}", "{:.0f}")
        row = " | ".join(cell.format(value) for cell, value in zip(cells, found.values(), strict=True))
        print(f"| {name} | {row} |", flush=True)
    print("\n| rule | false | again | days | contractions declared |\n|---|---|---|---|---|")
    definition = brazil().definition
    run = walk(definition.features, definition.hmm_config(n_restarts=3), every)
    for rule in RULES:
        declared = declarations(run, rule)
        false, again, days = judged(declared)
        said = ", ".join(f"{d.declared_on} ({d.about:%Y-%m})" for d in declared if d.phase == "contraction" and d.about)
        print(f"| {rule} | {false} | {again} | {', '.join(map(str, days))} | {said} |")


if __name__ == "__main__":
    main()
