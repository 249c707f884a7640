"""Every figure of an evaluation is that of plain loops over the rows that it exports."""

from dataclasses import replace
from datetime import timedelta
from math import ceil, log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from macro_cycle.declared import Rule
from macro_cycle.evaluation.answers import Answers
from macro_cycle.evaluation.bootstrap import BLOCK, DRAWS, LEVEL, SEED
from macro_cycle.evaluation.rivals import simple_rivals
from macro_cycle_tests.evaluation.made_up import CHRONOLOGY, SUBJECT, TODAY, made_up, said

ALARM = ("1995-06", "1995-09")
LAPSE = ("1974-06", "1974-07")
HALF_YEAR = pd.DateOffset(months=6)


def moved(answers: Answers) -> Answers:
    """The answers, but for an alarm in an expansion and a lapse in a recession."""

    def held(p: float, month: str) -> float:
        return 0.95 if ALARM[0] <= month <= ALARM[1] else 0.03 if LAPSE[0] <= month <= LAPSE[1] else p

    daily = []
    for each in answers.daily:
        p = held(each.recession_probability, f"{each.day:%Y-%m}")
        daily.append(replace(each, recession_probability=p, path=(p,), ahead=(p, p, p)))
    ends = [held(p, f"{month:%Y-%m}") for month, p in answers.months["score"].items()]
    return Answers(tuple(daily), answers.months.assign(score=ends))


@pytest.fixture(scope="module")
def answers() -> Answers:
    return moved(said(noise=0.05))


@pytest.fixture(scope="module")
def found(answers):
    return made_up(answers, simple_rivals())


@pytest.fixture(scope="module")
def model(found) -> dict:
    return found.document["declarations"][0]


def settled(record) -> tuple[list[float], list[bool], list[pd.Timestamp]]:
    """Scores, recessions and months, each month once, up to the last that can be known today."""
    scores, states, months = [], [], []
    for row in record.scores.itertuples():
        month = row.reference_month
        if month in months or not np.isfinite(row.score) or month > TODAY - pd.DateOffset(months=12):
            continue
        inside = any(r.peak < month <= r.trough for r in CHRONOLOGY.recessions)
        scores, states, months = [*scores, row.score], [*states, inside], [*months, month]
    return scores, states, months


def area(p: list[float], y: list[bool]) -> float:
    """The share of pairs of a recession month and another in which the first has the higher probability."""
    high, low = np.array(p)[np.array(y)], np.array(p)[~np.array(y)]
    return float(np.mean((high[:, None] > low) + 0.5 * (high[:, None] == low)))


def squared(p: list[float], y: list[bool]) -> float:
    return sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(p)


def logarithmic(p: list[float], y: list[bool]) -> float:
    held = [min(max(a, 1e-4), 1 - 1e-4) for a in p]
    return sum(log(a) if b else log(1 - a) for a, b in zip(held, y, strict=True)) / len(p)


def alarms(p: list[float], y: list[bool]) -> float:
    calm = [a for a, b in zip(p, y, strict=True) if not b]
    return sum(a > 0.5 for a in calm) / len(calm)


FIGURES = {"auroc": area, "brier": squared, "log_score": logarithmic, "false_alarms": alarms}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_and_its_band_are_those_of_resamples_drawn_one_by_one(found, name):
    p, y, _ = settled(found.records[0])
    row = next(r for r in found.document["periods"] if r["name"] == "model" and r["period"] == "all months")
    assert row[name]["value"] == pytest.approx(FIGURES[name](p, y))
    generator, n = np.random.default_rng(SEED), len(p)
    begins, starts = generator.random((DRAWS, n)) < 1 / BLOCK, generator.integers(n, size=(DRAWS, n))
    values = []
    for draw in range(DRAWS):
        at, taken = 0, []
        for place in range(n):
            at = int(starts[draw, place]) if place == 0 or begins[draw, place] else (at + 1) % n
            taken.append(at)
        states = [y[each] for each in taken]
        if name not in ("auroc", "false_alarms") or 0 < sum(states) < n:
            values.append(FIGURES[name]([p[each] for each in taken], states))
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    assert (row[name]["low"], row[name]["high"]) == pytest.approx((low, high))


def declared(daily, rule: Rule) -> list[tuple[pd.Timestamp, bool]]:
    """Days on which the rule changes the phase, walked day by day."""
    stands = {each.day: each.recession_probability for each in daily}
    day, last, p = min(stands), TODAY.date(), 0.0
    contraction, against, changes = False, None, []
    while day <= last:
        p = stands.get(day, p)
        speaks = p < rule.off if contraction else p > rule.on
        against = (against or day) if speaks else None
        wait = rule.off_days if contraction else rule.days
        if against is not None and (day - against).days >= wait:
            contraction, against = not contraction, None
            changes.append((pd.Timestamp(day), contraction))
        day += timedelta(days=1)
    return changes


@pytest.fixture(scope="module")
def contractions(answers) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    changes = declared(answers.daily, SUBJECT.rule)
    begun, ended = ([day for day, state in changes if state is wanted] for wanted in (True, False))
    return list(zip(begun, ended, strict=True))


def matched(contractions) -> dict[pd.Timestamp, list[tuple[pd.Timestamp, pd.Timestamp]]]:
    """Peak -> the contractions that stood between half a year before its month's end and the end of the trough's."""
    found = {}
    for r in CHRONOLOGY.recessions:
        peak, trough = r.peak + pd.offsets.MonthEnd(0), r.trough + pd.offsets.MonthEnd(0)
        inside = [(a, b) for a, b in contractions if peak - HALF_YEAR <= a <= trough and b > peak]
        found[r.peak] = inside or [(a, b) for a, b in contractions if trough < a <= trough + HALF_YEAR][:1]
    return found


def test_days_alarms_and_reversals_are_those_of_a_walk_through_the_calendar(model, contractions):
    theirs = matched(contractions)
    asked = [r for r in CHRONOLOGY.recessions if r.peak >= CHRONOLOGY.scored_since]
    ends = {r.peak: (r.peak + pd.offsets.MonthEnd(0), r.trough + pd.offsets.MonthEnd(0)) for r in asked}
    days = {
        "peak": [(theirs[r.peak][0][0] - ends[r.peak][0]).days for r in asked],
        "trough": [([b for a, b in theirs[r.peak] if a <= ends[r.peak][1]][-1] - ends[r.peak][1]).days for r in asked],
    }
    for turn, values in days.items():
        assert [each["days"] for each in model["turns"] if each["turn"] == turn] == values
        mean = sum(values) / len(values)
        spread = sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
        assert (model[turn]["days"], model[turn]["sd"]) == pytest.approx((mean, spread))
        assert (model[turn]["worst"], model[turn]["declared"]) == (max(values), len(values))
        draws = np.random.default_rng(SEED).integers(len(values), size=(DRAWS, len(values)))
        means = [sum(values[each] for each in draw) / len(values) for draw in draws]
        low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        assert (model[turn]["days_band"]["low"], model[turn]["days_band"]["high"]) == pytest.approx((low, high))
    owned = [span for spans in theirs.values() for span in spans]
    false = [span for span in contractions if span not in owned]
    assert [(a["begun"], a["ended"]) for a in model["false_alarms"]] == [
        (f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}") for a, b in false
    ]
    assert any(f"{a:%Y-%m}" == ALARM[0] for a, _ in false)
    back = [b for r in asked for _, b in theirs[r.peak] if b <= ends[r.peak][1]]
    assert model["reversals"] == [f"{b:%Y-%m-%d}" for b in back]
    assert back


def test_the_test_against_each_rival_is_that_of_plain_sums(found):
    ours = dict(zip(*(settled(found.records[0])[i] for i in (2, 0)), strict=True))
    for rival in found.records[1:]:
        scores, states, months = settled(rival)
        both = sorted((m, ours[m], s, y) for m, s, y in zip(months, scores, states, strict=True) if m in ours)
        if rival.probability:
            d = [(a - y) ** 2 - (b - y) ** 2 for _, a, b, y in both]
        else:
            d = [((a > 0.5) != y) - float((b > rival.threshold) != y) for _, a, b, y in both]
        n, mean = len(d), sum(d) / len(d)
        lags = min(ceil(1.3 * sqrt(n)), n - 1)
        variance = sum((x - mean) ** 2 for x in d) / n
        for lag in range(1, lags + 1):
            covariance = sum((d[t] - mean) * (d[t - lag] - mean) for t in range(lag, n)) / n
            variance += 2 * (1 - lag / (lags + 1)) * covariance
        statistic = mean / sqrt(variance / n) * sqrt((n - 1) / n)
        row = next(r for r in found.document["comparisons"] if r["name"] == rival.name)
        assert (row["months"], row["difference"], row["statistic"]) == pytest.approx((n, mean, statistic))
        assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(statistic), n - 1))
