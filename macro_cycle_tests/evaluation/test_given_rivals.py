"""A rival's file is read as what it says, or refused in one line; no month is known before it was."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.rivals.given import REVISED, read_rivals

MONTHS = pd.date_range("2000-01-01", "2020-12-01", freq="MS")


@pytest.fixture
def file(tmp_path):
    def write(*lines: str):
        path = tmp_path / "Chauvet.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_a_month_counts_from_the_end_of_the_second_after_it(file):
    (record,) = read_rivals(file("month,p", "2008-01-01,0.25", "2008-02,0.5"))
    assert record.scores["reference_month"].tolist() == [pd.Timestamp("2008-01-01"), pd.Timestamp("2008-02-01")]
    assert record.scores.index.tolist() == [pd.Timestamp("2008-03-01"), pd.Timestamp("2008-04-01")]
    assert record.days.index.tolist() == [pd.Timestamp("2008-03-31"), pd.Timestamp("2008-04-30")]
    assert (record.title, record.note) == ("p (Chauvet.csv)", REVISED)


def test_days_that_are_stated_count_and_a_later_value_takes_the_place_of_an_earlier(file):
    lines = ("month,p,known_on", "2008-01,0.2,2008-03-05", "2008-02,0.4,2008-04-03", "2008-01,0.9,2008-04-02")
    (record,) = read_rivals(file(*lines))
    assert record.scores["score"].tolist() == [0.2, 0.4]
    assert record.note == "as published"
    assert record.days["score"].tolist() == [0.2, 0.9, 0.4]


def test_percent_are_shares_and_every_column_is_a_rival(file):
    one, other = read_rivals(file("month,a,b", "2008-01,25,0.25", "2008-02,.,0.5"))
    assert one.scores["score"].tolist() == [0.25]
    assert other.scores["score"].tolist() == [0.25, 0.5]
    assert {one.name, other.name} == {"chauvet_a", "chauvet_b"}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(list(MONTHS)), unique=True, min_size=1, max_size=30), st.data())
def test_no_answer_is_about_a_month_that_was_not_known(tmp_path_factory, months, data):
    lags = data.draw(st.lists(st.integers(0, 400), min_size=len(months), max_size=len(months)))
    known = [month + pd.Timedelta(days=lag) for month, lag in zip(months, lags, strict=True)]
    rows = [f"{m:%Y-%m-%d},0.5,{day:%Y-%m-%d}" for m, day in zip(months, known, strict=True)]
    path = tmp_path_factory.mktemp("rival") / "r.csv"
    path.write_text("\n".join(["month,p,known_on", *rows]))
    (record,) = read_rivals(path)
    by_month = dict(zip(months, known, strict=True))
    for as_of, row in record.scores.iterrows():
        assert by_month[row["reference_month"]].to_period("M") == as_of.to_period("M")
    assert record.scores.index.is_monotonic_increasing
    assert record.scores.index.is_unique


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "cannot be read as CSV"),
        (("month,p",), "holds no rows"),
        (("month", "2008-01"), "no column of probabilities"),
        (("month,known_on", "2008-01,2008-03-01"), "no column of probabilities"),
        (("month,p", "January,0.5"), "does not hold days"),
        (("month,p", ",0.5"), "does not hold days"),
        (("month,p", "2008-01-01T00:00Z,0.5"), "does not hold days"),
        (("month,p", "2008-01,high"), "what is no number"),
        (("month,p", "2008-01,-0.1"), "no probability"),
        (("month,p", "2008-01,250"), "no probability"),
        (("month,p", "2008-01,inf"), "no probability"),
        (("month,p", "2008-01,."), "holds no number"),
        (("month,p", "2008-01,0.5", "2008-01,0.6"), "2008-01 twice"),
        (("month,p,known_on", "2008-01,0.5,2007-12-31"), "before it began"),
        (("month,p,known_on", "2008-01,0.5,"), "does not hold days"),
        (("month,p", "2008-01,0.5,0.6,0.7"), ""),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(file, lines, said):
    with pytest.raises(MacroCycleError) as caught:
        read_rivals(file(*lines))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"month,p\n\xff\xfe,0.5\n")
    with pytest.raises(MacroCycleError, match="cannot be read as CSV"):
        read_rivals(path)
