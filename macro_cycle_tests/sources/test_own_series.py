"""A person's own file is read as it is meant, or refused in one line."""

import pandas as pd
import pytest

from macro_cycle.sources.base import SourceError
from macro_cycle.sources.own_series import read_own_series

MONTHS = [f"2001-{month:02}" for month in range(1, 11)]
GOOD = "observation_date,RET\n" + "".join(f"{month}-01,{n}.5\n" for n, month in enumerate(MONTHS))


def read(tmp_path, text: str | bytes, column: str | None = None) -> pd.Series:
    path = tmp_path / "mine.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_own_series(path, column)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("-01,", ","),
        GOOD.replace("\n", "\r\n"),
        "RET,date\n" + "".join(f"{n}.5,{month}-01\n" for n, month in reversed(list(enumerate(MONTHS)))),
        GOOD + "2001-12-01,NA\n2002-01-01,.\n2002-02-01,\n",
    ],
    ids=["plain", "byte order mark", "months", "windows", "reversed", "missing"],
)
def test_the_ways_in_which_a_series_is_written_give_the_same(tmp_path, text):
    found = read(tmp_path, text)
    assert found.name == "RET"
    assert found.to_dict() == {pd.Timestamp(f"{month}-01"): n + 0.5 for n, month in enumerate(MONTHS)}


def test_one_of_several_columns_is_chosen(tmp_path):
    text = GOOD.replace("\n", ",7\n").replace("RET,7", "RET,OTHER")
    assert set(read(tmp_path, text, "OTHER")) == {7.0}
    with pytest.raises(SourceError, match="choose one with --column: RET, OTHER"):
        read(tmp_path, text)
    with pytest.raises(SourceError, match="has no column X; there are RET, OTHER"):
        read(tmp_path, text, "X")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("date\n2001-01-01\n", "has one column"),
        ("date,x\n2001-01-01,1\n", "holds 1 values of x"),
        (GOOD.replace("3.5", "lots"), "cannot be read as a series: row 4: RET lots is no number"),
        (GOOD.replace("3.5", "inf"), "row 4: RET inf"),
        (GOOD.replace("2001-04-01", "01.04.2001"), "row 4: observation_date 01.04.2001 is no day"),
        (GOOD.replace("2001-04-01", "2001-02-30"), "row 4: observation_date 2001-02-30"),
        (GOOD.replace("2001-04-01", "2001-03-01"), "2001-03-01 is there twice"),
        ("a,b\n" + "1,2\n" * 9, r"row 1: a 1 is no day .*; and 6 more"),
        (GOOD.replace("3.5\n", "3.5,9\n"), "line 5: 3 cells instead of 2"),
        (GOOD.encode("utf-16"), "not text in UTF-8"),
        (b"\x1f\x8b\x00" + bytes(range(256)), "not text in UTF-8"),
    ],
)
def test_a_file_that_is_no_series_is_one_line(tmp_path, text, said):
    with pytest.raises(SourceError, match=said) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_own_series(tmp_path / "no.csv")
