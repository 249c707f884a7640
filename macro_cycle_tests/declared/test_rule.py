"""The rule of the declared phase against an automaton that walks through every day."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from macro_cycle.declared import (
    DailyAnswer,
    Declaration,
    Phase,
    Rule,
    Standing,
    declare,
    evidence,
    follow,
    turning_points,
)
from macro_cycle.declared.rule import Turns
from macro_cycle.errors import MacroCycleError

FIRST = date(2007, 11, 1)

History = tuple[list[date], list[float], list[Turns]]
Foreseen = list[float]

rules = st.builds(
    Rule,
    on=st.sampled_from([0.5, 0.6, 0.7, 0.9]),
    days=st.integers(0, 12),
    off=st.sampled_from([0.3, 0.4, 0.5]),
    off_days=st.integers(0, 12),
)
probabilities = st.sampled_from([0.0, 0.29, 0.3, 0.31, 0.45, 0.5, 0.51, 0.6, 0.61, 0.7, 0.71, 0.9, 0.95, 1.0])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Days of answers with gaps, probabilities around the thresholds, and the turning point that each sees."""
    gaps = draw(st.lists(st.integers(1, 15), max_size=25))
    days = [FIRST + timedelta(days=sum(gaps[: i + 1])) for i in range(len(gaps))]
    seen = [draw(probabilities) for _ in days]
    return days, seen, [(date(2000 + i // 12, 1 + i % 12, 1), date(2010, 1, 1 + i)) for i in range(len(days))]


@st.composite
def foreseeing(draw: st.DrawFn) -> tuple[History, Foreseen]:
    """A history, and on each day the probability by which an end is judged: never for an end on a day for a begin."""
    history = draw(histories())
    return history, [draw(probabilities) if p <= 0.5 else p for p in history[1]]


def day_by_day(
    days: list[date], seen: list[float], ends: Foreseen, turns: list[Turns], rule: Rule, until: date
) -> list[Declaration]:
    """Every calendar day in turn: how many days in a row, this one included, the answer spoke against the phase."""
    phase: Phase = "expansion"
    standing: int | None = None
    run, out = 0, []
    for number in range((until - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        if day in days:
            standing = days.index(day)
        if standing is None:
            continue
        against = seen[standing] > rule.on if phase == "expansion" else ends[standing] < rule.off
        run = run + 1 if against else 0
        if run == 1 + (rule.days if phase == "expansion" else rule.off_days):
            phase, run = ("contraction" if phase == "expansion" else "expansion"), 0
            out.append(Declaration(day, phase, turns[standing][0 if phase == "contraction" else 1]))
    return out


@given(foreseeing(), rules, st.integers(0, 30))
def test_the_rule_declares_what_an_automaton_of_days_declares(
    told: tuple[History, Foreseen], rule: Rule, beyond: int
) -> None:
    (days, seen, turns), ends = told
    until = (days[-1] if days else FIRST) + timedelta(days=beyond)
    assert declare(days, seen, rule, turns, until, ends) == day_by_day(days, seen, ends, turns, rule, until)
    assert declare(days, seen, rule, turns, until) == day_by_day(days, seen, seen, turns, rule, until)


@given(foreseeing(), rules, st.integers(0, 25))
def test_later_answers_change_no_declaration(told: tuple[History, Foreseen], rule: Rule, kept: int) -> None:
    (days, seen, turns), ends = told
    kept = min(kept, len(days))
    early = declare(days[:kept], seen[:kept], rule, turns[:kept], ends=ends[:kept])
    assert declare(days, seen, rule, turns, ends=ends)[: len(early)] == early


@given(foreseeing(), rules, st.integers(0, 25))
def test_going_on_from_what_stands_gives_what_one_go_gives(
    told: tuple[History, Foreseen], rule: Rule, kept: int
) -> None:
    (days, seen, turns), ends = told
    kept = min(kept, len(days))
    standing, first = follow(Standing(), days[:kept], seen[:kept], rule, turns[:kept], ends=ends[:kept])
    standing, rest = follow(standing, days[kept:], seen[kept:], rule, turns[kept:], ends=ends[kept:])
    assert (standing, first + rest) == follow(Standing(), days, seen, rule, turns, ends=ends)


@given(histories(), rules)
def test_phases_alternate_and_each_contradicts_no_answer(history: History, rule: Rule) -> None:
    days, seen, turns = history
    declared = declare(days, seen, rule, turns, until=(days[-1] if days else FIRST) + timedelta(days=40))
    assert [d.phase for d in declared] == ["contraction", "expansion"] * (len(declared) // 2) + ["contraction"] * (
        len(declared) % 2
    )
    for declaration in declared:
        standing = max(i for i, day in enumerate(days) if day <= declaration.declared_on)
        assert (seen[standing] > 0.5) == (declaration.phase == "contraction") or seen[standing] == 0.5


def test_a_day_without_news_counts_and_the_declaration_falls_on_it() -> None:
    days, seen = [date(2008, 3, 7), date(2008, 3, 20)], [0.8, 0.9]
    assert declare(days, seen, Rule(on=0.7, days=7)) == [Declaration(date(2008, 3, 14), "contraction")]


def test_what_is_due_is_known_before_it_is_declared() -> None:
    standing, declared = follow(Standing(), [date(2008, 3, 7)], [0.8], Rule(on=0.7, days=7))
    assert (standing.due(Rule(on=0.7, days=7)), declared) == (date(2008, 3, 14), [])


@pytest.mark.parametrize(
    ("days", "seen", "said"),
    [
        ([date(2008, 1, 2), date(2008, 1, 2)], [0.1, 0.2], "ascending"),
        ([date(2008, 1, 2)], [float("nan")], "2008-01-02 is no probability"),
        ([date(2008, 1, 2)], [1.2], "no probability"),
        ([date(2008, 1, 2)], [], "one for each"),
    ],
)
def test_what_is_no_history_is_refused_in_one_line(days: list[date], seen: list[float], said: str) -> None:
    with pytest.raises(MacroCycleError, match=said):
        declare(days, seen, Rule())


@pytest.mark.parametrize("wrong", [{"on": 0.4}, {"off": 0.6}, {"days": -1}, {"of": 0.5}])
def test_a_rule_that_could_contradict_its_answer_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(wrong)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_turning_points_are_the_months_before_the_newest_run_on_either_side(recession: list[bool]) -> None:
    months = pd.date_range("2007-01-01", periods=len(recession), freq="MS")
    for side, found in zip((True, False), turning_points(months, np.where(recession, 0.6, 0.5)), strict=True):
        at = len(recession) - 1
        while at >= 0 and recession[at] != side:
            at -= 1
        ended = at
        while at >= 0 and recession[at] == side:
            at -= 1
        expected = (months[0] + pd.DateOffset(months=at)).date() if ended >= 0 else None
        assert found == expected


def test_the_mean_of_the_newest_months_speaks_once_enough_is_known_of_the_newest() -> None:
    said = [
        DailyAnswer(date(2008, 1, day), date(2007, 12, 1), path[-1], path, known, None, None)
        for day, path, known in ((6, (0.1, 0.3, 0.7), 0.6), (9, (0.3, 0.7, 0.9), 0.2), (20, (0.3, 0.8, 0.9), 0.5))
    ]
    found = evidence(said, Rule(months=2, known=0.5))
    assert found.days == [date(2008, 1, 6), date(2008, 1, 20)]
    assert found.begins == found.ends == [(0.3 + 0.7) / 2, (0.8 + 0.9) / 2]
    assert evidence(said, Rule()).begins == [0.7, 0.9, 0.9]


def an_answer(path: tuple[float, ...], ahead: tuple[float, ...] = ()) -> DailyAnswer:
    return DailyAnswer(date(2009, 8, 14), date(2009, 7, 1), path[-1], path, 1.0, None, None, ahead)


shares = st.floats(0, 1)


@given(st.tuples(shares, shares, shares), st.tuples(shares, shares, shares), rules, st.integers(0, 3))
def test_no_answer_speaks_for_a_begin_and_for_an_end_at_once(
    path: tuple[float, ...], ahead: tuple[float, ...], rule: Rule, foreseen: int
) -> None:
    rule, answer = rule.model_copy(update={"months": 2, "ahead": foreseen}), an_answer(path, ahead)
    begins = rule.speaks_against("expansion", answer.begin(rule))
    ends = rule.speaks_against("contraction", answer.end(rule))
    assert not (begins and ends)
    assert not begins or path[-1] > 0.5
    assert not (ends and rule.ahead) or path[-1] < 0.5


def test_the_months_of_a_contraction_that_is_over_do_not_begin_another() -> None:
    rule = Rule(on=0.6, off=0.15, months=2, ahead=3)
    days = [date(2009, 8, 6), date(2009, 8, 14), date(2009, 8, 31)]
    said = [an_answer((0.87, 0.47), (0.3, 0.2, 0.14)), an_answer((0.9, 0.5), (0.3, 0.2, 0.17)), an_answer((0.9, 0.51))]
    begins, ends = [a.begin(rule) for a in said], [*(a.end(rule) for a in said[:2]), 0.2]
    assert (begins, ends) == ([0.47, 0.5, (0.9 + 0.51) / 2], [0.14, 0.5, 0.2])
    found = follow(Standing("contraction"), days[:2], begins[:2], rule, ends=ends[:2])
    assert found[1] == [Declaration(days[0], "expansion")]


def test_an_answer_of_an_older_record_that_foresees_nothing_is_named() -> None:
    with pytest.raises(MacroCycleError, match="of 2009-08-14 foresees no month 3 months ahead"):
        evidence([an_answer((0.2,))], Rule(off=0.15, ahead=3))


def test_a_rule_that_judges_the_end_ahead_mirrors_the_begin_for_answers_that_foresee_nothing() -> None:
    rule = Rule(on=0.6, off=0.15, ahead=3)
    assert rule.of_the_present == Rule(on=0.6, off=0.4)
    assert Rule(off=0.3).of_the_present == Rule(off=0.3)


def test_a_rule_says_what_it_does() -> None:
    assert Rule(on=0.65, days=3, off=0.35, months=2, known=0.5).in_words == (
        "a contraction is declared when the recession probability of the 2 newest months, once 50% of the newest "
        "month's features are known, has been above 65% for 3 days, and its end when it has been below 35%"
    )
    assert Rule(on=0.6, days=0, off=0.15, ahead=3).in_words.endswith(
        "and its end when the one foreseen for 3 months later has been below 15%"
    )
