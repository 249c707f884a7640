"""One schema stands between every source and the store: a bad frame is refused whole, its rows named."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.sources import SourceError
from macro_cycle.sources.base import COLUMNS
from macro_cycle.sources.schema import checked

GOOD = pd.DataFrame(
    {
        "series_id": ["UNRATE", "UNRATE"],
        "date": pd.to_datetime(["2020-03-01", "2020-04-01"]),
        "value": [4.4, np.nan],
        "realtime_start": pd.to_datetime(["2020-04-03", "2020-05-08"]),
        "estimated": False,
    }
)


def test_a_good_frame_passes_as_it_is():
    pd.testing.assert_frame_equal(checked(GOOD.assign(more=1), "a test"), GOOD)
    assert list(checked(GOOD.head(0), "a test")) == list(COLUMNS)


@pytest.mark.parametrize(
    ("column", "wrong", "said"),
    [
        ("series_id", "", "the id is not 1 to 64 printable characters"),
        ("series_id", "X" * 65, "the id is not 1 to 64 printable characters"),
        ("series_id", "UN\nRATE", "the id is not 1 to 64 printable characters"),
        ("series_id", None, "series_id is missing"),
        ("date", pd.NaT, "date is missing"),
        ("value", -np.inf, "the value is infinite"),
        ("realtime_start", pd.NaT, "realtime_start is missing"),
        ("realtime_start", pd.Timestamp("2199-01-01"), "it is known only in the future"),
    ],
)
def test_one_bad_row_refuses_the_frame_and_is_named(column, wrong, said):
    bad = GOOD.copy()
    bad.loc[1, column] = wrong
    with pytest.raises(SourceError) as refused:
        checked(bad, "a test")
    message = str(refused.value)
    assert said in message
    assert "UNRATE 2020-03-01" not in message
    assert "2020-04-01" in message or "2020-05-08" in message


def test_two_values_for_one_day_are_refused_and_a_repeated_one_is_not():
    twice = pd.concat([GOOD, GOOD.tail(1)])
    assert len(checked(twice, "a test")) == 3
    with pytest.raises(SourceError, match="UNRATE 2020-03-01 known from 2020-04-03: another value"):
        checked(pd.concat([GOOD, GOOD.head(1).assign(value=4.5)]), "a test")


@pytest.mark.parametrize("column", ["date", "value", "realtime_start", "estimated"])
def test_a_column_of_another_type_is_refused(column):
    with pytest.raises(SourceError, match=f"column {column} is of another type"):
        checked(GOOD.assign(**{column: "text"}), "a test")
