"""A range of months is what was asked for, or one clear line."""

from datetime import date

import pytest

from macro_cycle.automation.partitions import monthly_partitions
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.months import as_of_day

FIRST = date(1970, 1, 1)
CLOCK = Clock(FIRST)


def test_a_range_holds_both_ends():
    assert CLOCK.month_range("2007-11", "2008-02") == ["2007-11-01", "2007-12-01", "2008-01-01", "2008-02-01"]
    assert CLOCK.month_range("2008-02", "2008-02") == ["2008-02-01"]


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
        CLOCK.month_range(start, end)
    assert "\n" not in str(caught.value)


def test_the_open_month_is_the_last():
    month = CLOCK.open_month()
    assert CLOCK.month_range(month[:7], month[:7]) == [month]
    assert CLOCK.month_keys()[-1] == month


def test_months_and_partitions_agree():
    assert list(monthly_partitions(CLOCK).get_partition_keys()) == CLOCK.month_keys()


def test_in_a_rehearsal_the_day_is_the_file_s(tmp_path):
    clock = Clock(FIRST, tmp_path / "today")
    for day, month in (("2008-09-30", "2008-09-01"), ("2008-10-01", "2008-10-01")):
        (tmp_path / "today").write_text(day)
        assert clock.open_month() == month
        assert list(monthly_partitions(clock).get_partition_keys())[-1] == month


@pytest.mark.parametrize("text", ["", "2008-13-01", "yesterday", None])
def test_a_file_without_a_day_is_one_clear_line(tmp_path, text):
    if text is not None:
        (tmp_path / "today").write_text(text)
    with pytest.raises(MacroCycleError, match="does not hold a day; write it there as YYYY-MM-DD"):
        Clock(FIRST, tmp_path / "today").open_month()
