"""Equal content has equal versions, whatever way pandas holds it; other content has others."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.platform.versions import content_version, has_version

numbers = st.floats(allow_nan=True, allow_infinity=False, width=64)
cells = st.lists(st.tuples(numbers, st.text(max_size=4)), min_size=1, max_size=8)


def frame(rows: list[tuple[float, str]]) -> pd.DataFrame:
    index = pd.date_range("2000-01-01", periods=len(rows), freq="MS", name="month")
    return pd.DataFrame(rows, index=index, columns=["value", "label"])


@given(rows=cells)
def test_the_way_of_holding_the_content_changes_no_version(rows):
    plain = frame(rows)
    held = plain.astype({"label": "category"})
    held.index = held.index.astype("datetime64[s]")
    held["value"] = held["value"].where(held["value"] != 0, 0.0) * 1.0
    assert content_version(held) == content_version(plain)
    assert content_version(plain.copy()) == content_version(plain)


@given(rows=cells, place=st.integers(0, 7), other=st.floats(-1e6, 1e6))
def test_another_value_is_another_version(rows, place, other):
    one = frame(rows)
    two = one.copy()
    two.iloc[place % len(rows), 0] = other
    same = one["value"].fillna(1e300).tolist() == two["value"].fillna(1e300).tolist()
    assert (content_version(one) == content_version(two)) == same


def test_names_order_and_days_count():
    one = frame([(1.0, "a"), (2.0, "b")])
    others = [
        one.rename(columns={"value": "valu"}),
        one[["label", "value"]],
        one.iloc[::-1],
        one.set_index(one.index + pd.Timedelta(days=1)),
        one.assign(label=["ab", ""]),
    ]
    assert len({content_version(each) for each in [one, *others]}) == len(others) + 1


def test_a_version_of_the_first_scheme_is_still_recognised():
    panel = pd.DataFrame(
        {"INDPRO": [0.1, np.nan, -0.3]}, index=pd.date_range("2000-01-01", periods=3, freq="MS", name="reference_month")
    )
    assert has_version(panel, "10294ac1478fce7d")
    assert has_version(panel, content_version(panel))
    assert not has_version(panel.fillna(0.0), "10294ac1478fce7d")
