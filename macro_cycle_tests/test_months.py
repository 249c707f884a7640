"""A range of months is what was asked for, or one clear line."""

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.months import as_of_day, month_range, open_month


def test_a_range_holds_both_ends():
    assert month_range("2007-11", "2008-02") == ["2007-11-01", "2007-12-01", "2008-01-01", "2008-02-01"]
    assert month_range("2008-02", "2008-02") == ["2008-02-01"]


def test_a_month_means_its_last_day():
    assert str(as_of_day("2008-02-01").date()) == "2008-02-29"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2008-02", "2008-01", "empty range"),
        ("2008-02", "2999-01", "in the future"),
        ("1950-01", "2008-01", "before the first partition"),
        ("Feb 2008", "2008-03", "is not a month"),
        ("2008-13", "2008-03", "is not a month"),
        ("", "2008-03", "is not a month"),
    ],
)
def test_bad_ranges_are_one_clear_line(start, end, said):
    with pytest.raises(MacroCycleError, match=said) as caught:
        month_range(start, end)
    assert "\n" not in str(caught.value)


def test_the_open_month_is_the_last():
    assert month_range(open_month()[:7], open_month()[:7]) == [open_month()]
