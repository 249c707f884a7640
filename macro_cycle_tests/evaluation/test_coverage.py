"""What nobody was asked about is not in the record: holes change no count, no span of time and no call elsewhere."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.declared import Rule
from macro_cycle.evaluation.answers import Answers, declared_spans
from macro_cycle.evaluation.charts import record_chart
from macro_cycle.evaluation.coverage import HOLE, Coverage, in_record, not_in_record, runs
from macro_cycle.evaluation.sections import covered_in_words
from macro_cycle.evaluation.timeliness import Span, spans_of, timeliness
from macro_cycle.evaluation.track_record import Record, dates_of_calls, figures
from macro_cycle_tests.evaluation.chronologies import NBER
from macro_cycle_tests.evaluation.made_up import CHRONOLOGY, made_up, said

TODAY = pd.Timestamp("2026-11-24")
MONTHS = pd.date_range("1970-01-01", "2026-10-01", freq="MS")
QUICK = settings(max_examples=40, deadline=None)


@st.composite
def covered(draw: st.DrawFn) -> Coverage:
    """Up to six ranges of months, which may touch, overlap or leave holes."""
    ends = st.integers(0, len(MONTHS) - 1)
    ranges = draw(st.lists(st.tuples(ends, ends).map(sorted), min_size=1, max_size=6))
    chosen = sorted({month for first, last in ranges for month in range(first, last + 1)})
    return Coverage(tuple(MONTHS[chosen]))


def perfect(coverage: Coverage) -> Record:
    """The answers of somebody who knows the chronology, at the ends of the months covered, about the month before."""
    months = pd.DatetimeIndex(coverage.months, name="as_of")
    about = months - pd.DateOffset(months=1)
    score = NBER.recession_indicator(about).to_numpy(float)
    return Record("model", "Model", pd.DataFrame({"reference_month": about, "score": score}, months))


def declarations(coverage: Coverage) -> list[Span]:
    """The same person's, on the first day of the third month after, in each stretch by themselves."""
    spans: list[Span] = []
    for stretch in coverage.stretches:
        days = pd.date_range(stretch.first, stretch.last, freq="MS")
        low = NBER.recession_indicator(days - pd.DateOffset(months=2)).to_numpy(bool)
        spans += spans_of([(day.date(), bool(state)) for day, state in zip(days, low, strict=True)])
    return spans


@QUICK
@given(covered())
def test_stretches_are_the_months_covered_and_leave_a_hole_between_them(coverage):
    months = [m for s in coverage.stretches for m in pd.date_range(s.first, s.last, freq="MS")]
    assert tuple(months) == coverage.months
    for earlier, later in pairwise(coverage.stretches):
        assert later.first > earlier.last + pd.Timedelta(days=1)
    assert coverage.years(TODAY) * 365.25 == pytest.approx(sum(month.days_in_month for month in coverage.months))


@QUICK
@given(covered())
def test_a_recession_is_in_the_record_or_not_and_is_in_it_where_every_month_about_its_peak_is(coverage):
    inside = [recession for recession, _ in in_record(coverage, NBER, TODAY)]
    outside = not_in_record(coverage, NBER, TODAY)
    assert sorted(r.peak for r in [*inside, *outside]) == [
        r.peak for r in NBER.recessions if NBER.scored_since is None or r.peak >= NBER.scored_since
    ]
    for recession in inside + outside:
        needed = pd.date_range(recession.peak, periods=7, freq="MS")
        assert (recession in inside) == set(needed).issubset(coverage.months)


@QUICK
@given(covered())
def test_whoever_knows_everything_misses_nothing_whatever_the_holes(coverage):
    found = timeliness(declarations(coverage), NBER, coverage, TODAY)
    assert found.delay("peak").declared == found.delay("peak").turning_points
    assert found.delay("trough").declared == found.delay("trough").turning_points
    assert (found.false_alarms, found.reversals) == ((), ())
    assert max([turn.days for turn in found.turns], default=0) <= 63
    record = figures(perfect(coverage), TODAY, NBER)
    assert record.called == record.recessions == len(in_record(coverage, NBER, TODAY))


@QUICK
@given(covered())
def test_nothing_is_called_or_declared_on_a_day_that_is_not_covered(coverage):
    for row in dates_of_calls(perfect(coverage), TODAY, NBER):
        called = [row[name] for name in ("begin_called", "end_called") if row[name] is not None]
        assert coverage.covers(pd.DatetimeIndex(called)).all()
        assert row["end_in_record"] or row["end_called"] is None
    turns = timeliness(declarations(coverage), NBER, coverage, TODAY).turns
    assert coverage.covers(pd.DatetimeIndex([turn.declared_on for turn in turns])).all()


@QUICK
@given(covered())
def test_a_record_with_holes_says_what_its_stretches_say_each_alone(coverage):
    alone = [Coverage.between(stretch.first, stretch.last) for stretch in coverage.stretches]
    whole = timeliness(declarations(coverage), NBER, coverage, TODAY)
    parts = [timeliness(declarations(each), NBER, each, TODAY) for each in alone]
    for name in ("turns", "false_alarms", "early", "reversals", "unsettled"):
        assert getattr(whole, name) == tuple(item for part in parts for item in getattr(part, name))
    calls = [row for each in alone for row in dates_of_calls(perfect(each), TODAY, NBER)]
    assert dates_of_calls(perfect(coverage), TODAY, NBER) == calls


@QUICK
@given(covered())
def test_what_is_drawn_is_every_value_once_and_crosses_no_hole(coverage):
    values = pd.Series(0.5, pd.DatetimeIndex(coverage.months))
    drawn = runs(values)
    assert pd.concat(drawn).equals(values)
    for run in drawn:
        assert run.index.to_series().diff().max() <= HOLE or len(run) == 1
    for earlier, later in pairwise(drawn):
        assert later.index[0] - earlier.index[-1] > HOLE
    figure = record_chart(values.rename("score").rename_axis("reference_month").reset_index(), NBER)
    assert len(figure.axes[0].lines) == len(drawn) + 1


def test_an_end_declared_after_a_hole_is_none():
    """As where somebody ran 2008 and then today: the contraction of 2008 did not last until today."""
    coverage = Coverage((*pd.date_range("2007-06-01", "2009-12-01", freq="MS"), pd.Timestamp("2026-10-01")))
    found = timeliness([Span(date(2008, 2, 20))], NBER, coverage, TODAY)
    assert [(turn.turn, turn.days) for turn in found.turns] == [("peak", 51), ("trough", None)]


def test_data_that_are_too_old_cover_no_month():
    ends = pd.to_datetime(["2015-01-31", "2015-04-30", "2015-05-31", "2019-01-31"])
    about = pd.to_datetime(["2014-12-01", "2015-01-01", "2015-01-01", "2018-12-01"])
    assert Coverage.of(ends, about).in_words == "2015-01, 2015-04, 2019-01"


@pytest.fixture(scope="module")
def holed() -> Answers:
    """The end of 2000 to 2002 and 2022 on, with nothing between."""
    early, late = said("2000-06-01", "2002-06-01"), said("2022-01-01", "2026-09-01")
    return Answers((*early.daily, *late.daily), pd.concat([early.months, late.months]))


def test_a_record_of_old_data_alone_covers_no_month_and_says_so():
    answers = said("2026-01-01", "2026-02-01")
    months = answers.months.assign(reference_month=pd.Timestamp("2025-06-01"))
    document = made_up(Answers(answers.daily, months)).document
    assert (document["coverage"]["months"], document["coverage"]["too_old"]) == (0, 2)
    assert "settles nothing" in document["declarations"][0]["limits"]["sentence"]
    assert "2 month ends are left out" in covered_in_words(document["coverage"])


def test_the_document_of_two_ranges_counts_one_recession_and_seven_years(holed):
    document = made_up(holed).document
    model = document["declarations"][0]
    assert document["coverage"]["in_words"] == "2000-06 to 2002-06, 2022-01 to 2026-09"
    assert document["coverage"]["months"] == len(holed.months)
    assert [turn["month"] for turn in model["turns"]] == ["2001-03-01", "2001-11-01"]
    assert (model["limits"]["recessions"], round(model["limits"]["years"], 1)) == (1, 6.8)
    assert [row["first_month"] for row in document["recessions"]] == ["2001-04"]
    assert "2007-12" in [each["peak"] for each in document["coverage"]["not_in_record"]]
    assert document["figures"][0]["recessions"] == 1
    assert document["lately"][0]["month_ends"] == 57


def test_a_contraction_that_stood_before_a_hole_does_not_stand_after_it(holed):
    low = said("2008-06-01", "2008-12-01", noise=0)
    late = said("2022-01-01", "2022-12-01", noise=0)
    answers = Answers((*low.daily, *late.daily), pd.concat([low.months, late.months]))
    coverage = Coverage.of(answers.months.index, answers.months["reference_month"])
    spans = declared_spans(answers, Rule(), coverage)
    assert [span.ended for span in spans] == [None]
    found = timeliness(spans, CHRONOLOGY, coverage, TODAY)
    assert (found.turns, found.false_alarms) == ((), ())


def test_days_of_a_hole_are_nobody_s_answers(holed):
    days = made_up(holed, on_days=True).records[0].days
    assert np.all((days.index < "2002-07-01") | (days.index >= "2022-01-01"))
