"""Days, months and quarters are counted from the end of the turning point's month; every contraction counts once."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.timeliness import Span, spans_above, timeliness
from macro_cycle_tests.evaluation.chronologies import NBER

TODAY = pd.Timestamp("2026-11-24")


def months(first: str = "1970-01", last: str = "2026-11") -> Coverage:
    return Coverage.between(pd.Timestamp(first), pd.Timestamp(last))


EVER = months()


def announced() -> list[Span]:
    dated = [r for r in NBER.recessions if r.peak_announced is not None]
    return [Span(r.peak_announced.date(), r.trough_announced.date()) for r in dated]


def test_the_authority_s_announcements_take_as_long_as_is_known_of_them():
    found = timeliness(announced(), NBER, months("1979-01"), TODAY)
    peaks, troughs = found.delay("peak"), found.delay("trough")
    assert [turn.days for turn in found.turns] == [turn.announced_days for turn in found.turns]
    assert [t.days for t in found.turns if t.turn == "peak"] == [124, 159, 268, 240, 336, 100]
    assert (peaks.turning_points, peaks.declared) == (6, 6)
    assert peaks.days == pytest.approx(204.5)
    assert peaks.sd == pytest.approx(np.std([124, 159, 268, 240, 336, 100], ddof=1))
    assert peaks.worst == 336
    assert round(troughs.days) == 447
    assert (found.false_alarms, found.reversals, found.unsettled) == ((), (), ())


def test_days_months_and_quarters_have_one_definition():
    found = timeliness([Span(date(2008, 2, 29), date(2009, 7, 1))], NBER, EVER, TODAY)
    peak, trough = (next(t for t in found.turns if t.turn == turn and t.declared_on) for turn in ("peak", "trough"))
    assert (peak.days, peak.months, peak.quarters) == (60, 2, 1)
    assert (trough.days, trough.months, trough.quarters) == (1, 1, 1)


def test_fifteen_months_of_false_alarm_are_one_alarm_with_its_dates():
    span = Span(date(2024, 4, 5), date(2025, 7, 3))
    found = timeliness([*announced(), span], NBER, EVER, TODAY)
    assert found.false_alarms == (span,)


def test_an_end_declared_before_the_trough_is_a_reversal_and_the_last_end_counts():
    spans = [Span(date(2008, 3, 1), date(2008, 6, 15)), Span(date(2008, 9, 1), date(2009, 8, 9))]
    found = timeliness(spans, NBER, months("2007-01"), pd.Timestamp("2011-01-01"))
    assert found.reversals == (date(2008, 6, 15),)
    assert found.delay("peak").days == 61
    assert found.delay("trough").days == 40


def test_an_alarm_that_is_over_before_the_peak_s_month_has_ended_is_false_and_one_that_stands_is_early():
    over = Span(date(1979, 9, 6), date(1979, 10, 5))
    at_the_end = Span(date(1979, 12, 1), date(1980, 1, 31))
    for standing in (Span(date(1980, 2, 6), date(1980, 10, 6)), Span(date(1980, 1, 20), date(1980, 10, 6))):
        found = timeliness([over, at_the_end, standing], NBER, months("1979-01"), pd.Timestamp("1981-01-01"))
        assert found.false_alarms == (over, at_the_end)
        assert found.early == ((standing,) if standing.begun < date(1980, 2, 1) else ())
        assert found.reversals == ()
        assert found.delay("peak").days == (standing.begun - date(1980, 1, 31)).days


def test_a_second_contraction_after_the_trough_is_a_false_alarm():
    spans = [Span(date(2008, 3, 1), date(2009, 8, 9)), Span(date(2009, 10, 1), date(2009, 11, 1))]
    assert timeliness(spans, NBER, EVER, TODAY).false_alarms == (spans[1],)


def test_what_nobody_can_have_settled_is_no_false_alarm_yet():
    span = Span(date(2026, 6, 1))
    found = timeliness([span], NBER, EVER, TODAY)
    assert (found.false_alarms, found.unsettled) == ((), (span,))


def test_a_recession_that_nobody_declared_is_counted_and_has_no_days():
    found = timeliness([], NBER, EVER, TODAY)
    delay = found.delay("peak")
    assert (delay.turning_points, delay.declared, delay.days, delay.sd, delay.worst) == (7, 0, None, None, None)


def test_a_turning_point_after_the_last_answer_is_not_asked_about():
    found = timeliness(announced(), NBER, months("1979-01", "2008-06"), TODAY)
    assert (found.delay("peak").turning_points, found.delay("trough").turning_points) == (5, 4)
    assert found.false_alarms == ()


def test_a_recession_under_way_when_the_record_began_is_not_asked_about():
    assert timeliness([Span(date(2008, 9, 1))], NBER, months("2008-08"), TODAY).delay("peak").declared == 0


@given(st.lists(st.integers(1, 900), min_size=1, max_size=60))
def test_every_contraction_is_a_recession_s_or_an_alarm(gaps):
    ends = np.cumsum(gaps)
    days = [date(1970, 1, 1) + timedelta(int(end)) for end in ends]
    spans = [Span(a, b) for a, b in zip(days[::2], days[1::2], strict=False)]
    found = timeliness(spans, NBER, EVER, TODAY)
    alarms = {*found.false_alarms, *found.unsettled}
    assert alarms <= set(spans)
    declared = {turn.declared_on for turn in found.turns if turn.turn == "peak" and turn.declared_on}
    assert declared <= {span.begun for span in set(spans) - alarms}
    for turn in found.turns:
        if turn.declared_on:
            assert (
                turn.days == (pd.Timestamp(turn.declared_on) - (pd.Timestamp(turn.month) + pd.offsets.MonthEnd(0))).days
            )


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=40), st.floats(0, 1))
def test_a_rule_stands_exactly_while_its_score_is_above(scores, threshold):
    days = [date(2000, 1, 1) + timedelta(i) for i in range(len(scores))]
    spans = spans_above(days, scores, threshold)
    for day, score in zip(days, scores, strict=True):
        if not np.isnan(score):
            stands = any(s.begun <= day and (s.ended is None or day < s.ended) for s in spans)
            assert stands == (score > threshold)
