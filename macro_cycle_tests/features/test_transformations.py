import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.features import TransformationError, transform
from macro_cycle.features.transformations import TCODES, latest_from

ORACLES = {
    1: lambda s: s,
    2: lambda s: s.diff(),
    3: lambda s: s.diff().diff(),
    4: np.log,
    5: lambda s: np.log(s).diff(),
    6: lambda s: np.log(s).diff().diff(),
    7: lambda s: s.pct_change(fill_method=None).diff(),
}
positive = st.lists(st.one_of(st.floats(1e-3, 1e6), st.just(float("nan"))), min_size=1, max_size=30)


@given(values=positive, tcode=st.sampled_from(sorted(ORACLES)))
def test_each_code_is_what_fred_md_defines(values, tcode):
    expected = ORACLES[tcode](pd.Series(values, dtype=float)).to_numpy()
    np.testing.assert_allclose(transform(np.array(values), tcode), expected, rtol=1e-9, atol=1e-9)


@given(values=positive, tcode=st.sampled_from([4, 5, 6, 7]), scale=st.floats(0.01, 100))
def test_growth_does_not_feel_the_base_of_an_index(values, tcode, scale):
    if tcode != 4:
        np.testing.assert_allclose(
            transform(np.array(values) * scale, tcode),
            transform(np.array(values), tcode),
            atol=1e-8,
            rtol=1e-6,
        )


def test_the_input_is_left_alone():
    values = np.array([1.0, 2.0])
    transform(values, 1)[0] = 9
    assert values[0] == 1.0


@pytest.mark.parametrize("tcode", [4, 5, 6, 7])
@pytest.mark.parametrize("bad", [0.0, -3.0])
def test_a_log_of_what_is_not_positive_is_refused_with_advice(tcode, bad):
    with pytest.raises(
        TransformationError,
        match=r"SPREAD: tcode .* 1 of its values are not positive; give it tcode 1, 2 or 3",
    ):
        transform(np.array([1.0, bad, 2.0]), tcode, name="SPREAD")


def test_an_unknown_code_is_refused():
    with pytest.raises(TransformationError, match="tcode 8"):
        transform(np.array([1.0]), 8)


@given(st.sampled_from(sorted(TCODES)), st.lists(st.floats(1.0, 200.0), min_size=3, max_size=3))
def test_latest_from_is_the_inverse_of_the_last_transformed_value(tcode, values):
    changed = transform(np.array(values), tcode)[-1]
    assert latest_from(changed, np.array(values[:2]), tcode) == pytest.approx(values[-1], rel=1e-9)
