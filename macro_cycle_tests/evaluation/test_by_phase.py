"""Values by phase are counted as a person would count them, without the future in what was known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.by_phase import by_phase, phases_of
from macro_cycle.evaluation.by_phase_chart import figure, lines
from macro_cycle.hmm.labels import CLEARLY

LABELS = ("Expansion", "Peak", "Contraction", "Trough")
MONTHS = pd.date_range("2000-01-01", "2004-12-01", freq="MS")
ENDS = MONTHS + pd.offsets.MonthEnd(0)
labels_of_months = st.lists(st.integers(0, 3), min_size=len(MONTHS), max_size=len(MONTHS))
DATES = {
    "daily": pd.bdate_range("2000-02-03", "2004-11-20"),
    "weekly": pd.date_range("2000-02-05", "2004-11-20", freq="7D"),
    "monthly": MONTHS,
    "quarterly": pd.date_range("2000-01-01", "2004-10-01", freq="QS"),
}


def smoothed(states: list[int]) -> pd.DataFrame:
    return pd.DataFrame(np.eye(4)[states] * 0.94 + 0.015, MONTHS, list(LABELS))


def said(states: list[int]) -> pd.Series:
    return pd.Series([LABELS[s] for s in states], ENDS)


def last_day(date: pd.Timestamp, frequency: str) -> pd.Timestamp:
    months = {"monthly": 1, "quarterly": 3}.get(frequency)
    return date if months is None else date + pd.DateOffset(months=months) - pd.Timedelta(days=1)


@pytest.fixture(params=DATES, scope="module")
def counted(request) -> tuple[pd.DatetimeIndex, list[int], list[int]]:
    """Dates of a frequency; of each, which month had ended last when its value was complete, and in which it lies."""
    dates = DATES[request.param]
    ended = [int((last_day(date, request.param) >= ENDS).sum()) - 1 for date in dates]
    return dates, ended, [MONTHS.get_loc(date.replace(day=1)) for date in dates]


@given(then=labels_of_months, seen=labels_of_months)
def test_each_value_has_the_phase_that_stood_at_its_end_and_that_of_its_month(counted, then, seen):
    dates, ended, months = counted
    found = phases_of(pd.Series(np.arange(len(dates), dtype=float), dates), said(then), smoothed(seen))
    assert found["known"].tolist() == [LABELS[then[month]] for month in ended]
    if dates is not DATES["quarterly"]:
        assert found["hindsight"].tolist() == [LABELS[seen[month]] for month in months]


@given(seen=labels_of_months)
def test_a_quarter_s_phase_is_that_of_its_months_mean_probabilities(seen):
    dates = DATES["quarterly"]
    found = phases_of(pd.Series(0.0, dates), said(seen), smoothed(seen))
    for date, phase in found["hindsight"].items():
        mean = smoothed(seen)[date : date + pd.DateOffset(months=2)].mean()
        low = mean[["Contraction", "Trough"]]
        high = mean[["Expansion", "Peak"]]
        if abs(low.sum() - 0.5) > 1e-9:
            side = low if low.sum() > 0.5 else high
            assert phase in side.index
            assert side[phase] == pytest.approx(side.max()) or side.max() < CLEARLY * side.sum()


@given(then=labels_of_months, seen=labels_of_months, seed=st.integers(0, 99))
def test_moments_are_those_of_the_values_in_the_phase(then, seen, seed):
    values = pd.Series(np.random.default_rng(seed).normal(size=len(MONTHS)), MONTHS)
    phases = phases_of(values, said(then), smoothed(seen))
    found = by_phase("x", phases, LABELS)
    assert found.agree == pytest.approx(np.mean(np.array(then) == np.array(seen)))
    for row in found.rows[:-1]:
        for moments, states in ((row.known, then), (row.hindsight, seen)):
            inside = [v for v, s in zip(values, states, strict=True) if LABELS[s] == row.phase]
            begun = [LABELS[s] == row.phase and (i == 0 or states[i - 1] != s) for i, s in enumerate(states)]
            assert (moments.values, moments.episodes) == (len(inside), sum(begun))
            if inside:
                assert moments.mean == pytest.approx(np.mean(inside))
            if len(inside) > 1:
                assert moments.spread == pytest.approx(np.std(inside, ddof=1))
    everything = found.rows[-1]
    assert everything.known.values == everything.hindsight.values == len(values)
    assert everything.difference == 0


def test_episodes_are_the_draws_of_the_standard_error():
    """Independent values in episodes of one have the textbook's error; copies within an episode add nothing."""
    states = [0, 2] * 30
    values = pd.Series(np.random.default_rng(0).normal(size=60), MONTHS)
    rows = by_phase("x", phases_of(values, said(states), smoothed(states)), LABELS).rows
    inside = values[::2]
    assert rows[0].known.error == pytest.approx(inside.std(ddof=1) / np.sqrt(30))
    states = [0, 0, 2] * 20
    copies = pd.Series(np.repeat(np.random.default_rng(1).normal(size=20), 3), MONTHS)
    rows = by_phase("x", phases_of(copies, said(states), smoothed(states)), LABELS).rows
    assert rows[0].known.error == pytest.approx(copies[::3].std(ddof=1) / np.sqrt(20))


def test_few_episodes_are_warned_of_and_what_has_no_phase_is_left_out_and_counted():
    states = [0] * 20 + [2] * 10 + [0] * 30
    values = pd.Series(1.0, pd.date_range("1999-01-01", "2005-12-01", freq="MS"))
    found = by_phase("x", phases_of(values, said(states), smoothed(states)), LABELS)
    assert found.left_out == 24
    assert "Contraction (1)" in found.warnings[0]
    assert "Peak (0)" in found.warnings[0]
    assert found.rows[1].known.mean is None


def test_an_answer_missing_for_a_month_is_not_replaced_by_an_older_one():
    states = [0] * 60
    phases = phases_of(pd.Series(1.0, DATES["daily"]), said(states).drop(ENDS[10]), smoothed(states))
    without = phases[phases["known"].isna()]
    assert set(without.index.to_period("M")) == {MONTHS[10].to_period("M"), MONTHS[11].to_period("M")}


def test_years_are_refused_and_a_series_without_answers_is_one_line():
    years = pd.Series(1.0, pd.date_range("1990-01-01", periods=12, freq="YS"))
    with pytest.raises(MacroCycleError, match="give quarterly or finer"):
        phases_of(years, said([0] * 60), smoothed([0] * 60))
    early = pd.Series(1.0, pd.date_range("1980-01-01", periods=12, freq="MS"))
    with pytest.raises(MacroCycleError, match="none of its dates has an answer"):
        by_phase("x", phases_of(early, said([0] * 60), smoothed([0] * 60)), LABELS)


@given(then=labels_of_months, seen=labels_of_months)
def test_lines_hold_every_phase_either_way(then, seen):
    values = pd.Series(np.sin(np.arange(60.0)), MONTHS)
    drawn = list(lines(by_phase("x", phases_of(values, said(then), smoothed(seen)), LABELS)))
    assert [(phase, way) for phase, way, _ in drawn] == [
        (phase, way) for phase in (*LABELS, "all") for way in ("known", "hindsight")
    ]
    assert all(line.count("●") == 1 for *_, line in drawn if line)


@pytest.mark.parametrize("seen", [[0] * 60, [3] * 59 + [0], [0, 1, 2, 3] * 15])
def test_a_chart_is_drawn_whatever_phases_there_were(seen):
    values = pd.Series(np.sin(np.arange(60.0)), MONTHS)
    phases = phases_of(values, said([0] * 60), smoothed(seen))
    assert len(figure(by_phase("x", phases, LABELS), phases, {}).axes) == 3
