"""A range of months is what was asked for, or one clear line."""

import pytest

from macro_cycle.automation.partitions import monthly
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import as_of_day, month_range, open_month


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


@pytest.fixture
def today_file(tmp_path, monkeypatch):
    from macro_cycle.platform.settings import load_settings

    file = tmp_path / "today"
    monkeypatch.setenv("MACRO_CYCLE_TODAY_FILE", str(file))
    load_settings.cache_clear()
    yield file
    load_settings.cache_clear()


def test_in_a_rehearsal_the_day_is_the_file_s(today_file):
    for day, month in (("2008-09-30", "2008-09-01"), ("2008-10-01", "2008-10-01")):
        today_file.write_text(day)
        assert open_month() == month
        assert list(monthly().get_partition_keys())[-1] == month


@pytest.mark.parametrize("text", ["", "2008-13-01", "yesterday", None])
def test_a_file_without_a_day_is_one_clear_line(today_file, text):
    if text is not None:
        today_file.write_text(text)
    with pytest.raises(MacroCycleError, match="does not hold a day; write it there as YYYY-MM-DD"):
        open_month()
