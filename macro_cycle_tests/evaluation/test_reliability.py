"""The reliability curve is scikit-learn's isotonic regression, and its parts add up to the Brier score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from macro_cycle.evaluation.reliability import recalibration, reliability

PAIRS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=80)


@given(PAIRS)
def test_the_curve_is_that_of_sklearn(pairs):
    p, y = np.array([a / 20 for a, _ in pairs]), np.array([float(b) for _, b in pairs])
    np.testing.assert_allclose(recalibration(p, y), IsotonicRegression().fit(p, y).predict(p), atol=1e-9)


@given(PAIRS)
def test_the_parts_add_up_and_none_is_negative(pairs):
    p, y = np.array([a / 20 for a, _ in pairs]), np.array([float(b) for _, b in pairs])
    found = reliability(p, y)
    assert found.brier == pytest.approx(brier_score_loss(y, p, labels=[0, 1], pos_label=1))
    assert found.miscalibration - found.discrimination + found.uncertainty == pytest.approx(found.brier)
    assert found.miscalibration >= -1e-12
    assert found.discrimination >= -1e-12
    assert sum(months for _, _, months in found.curve) == len(p)


def test_shares_that_are_what_was_said_are_reliable():
    p = np.repeat([0.25, 0.75], 4)
    found = reliability(p, [1, 0, 0, 0, 1, 1, 1, 0])
    assert found.miscalibration == pytest.approx(0)
    assert found.curve == ((0.25, 0.25, 4), (0.75, 0.75, 4))
