"""Whatever the panel holds, a fit answers with probabilities or says in one line what is wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.hmm.config import COVARIANCE_TYPES, EMISSIONS, STRUCTURES
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

PANEL, STATES = cycle_panel(n_months=240)
LOW = STATES >= 2


def missing_at_random(panel, rng):
    return panel.mask(rng.random(panel.shape) < 0.3)


def an_empty_year(panel, rng):
    start = rng.integers(max(len(panel) - 12, 1))
    panel.iloc[start : start + 12] = np.nan
    return panel


def an_empty_column(panel, rng):
    return panel.assign(**{panel.columns[rng.integers(panel.shape[1])]: np.nan})


def a_constant_column(panel, rng):
    return panel.assign(**{panel.columns[rng.integers(panel.shape[1])]: 3.7})


def a_nearly_constant_column(panel, rng):
    column = panel.columns[rng.integers(panel.shape[1])]
    return panel.assign(**{column: np.where(np.arange(len(panel)) == 7, 1.0, 0.0)})


def a_repeated_column(panel, rng):
    return panel.assign(twin=panel[panel.columns[rng.integers(panel.shape[1])]])


def an_outlier(panel, rng):
    panel.iloc[rng.integers(len(panel)), rng.integers(panel.shape[1])] = 1e6
    return panel


def a_collapse_and_its_rebound(panel, rng):
    """April 2020: all activity falls by dozens of deviations in one month and recovers in the next."""
    if len(panel) < 3:
        return panel
    at = rng.integers(len(panel) - 2)
    panel.iloc[at] -= 40.0
    panel.iloc[at + 1] += 25.0
    return panel


def other_units(panel, rng):
    column = panel.columns[rng.integers(panel.shape[1])]
    return panel.assign(**{column: panel[column] * 10.0 ** rng.integers(-9, 10) + 1e3})


def a_series_that_ended(panel, rng):
    panel.iloc[120:, rng.integers(panel.shape[1])] = np.nan
    return panel


def a_series_that_began_late(panel, rng):
    panel.iloc[:200, rng.integers(panel.shape[1])] = np.nan
    return panel


def few_months(panel, rng):
    return panel.iloc[: rng.integers(0, 12)]


def one_column(panel, rng):
    return panel.iloc[:, : rng.integers(0, 2)]


def absurd_magnitudes(panel, rng):
    panel.iloc[rng.integers(len(panel)), rng.integers(panel.shape[1])] = 10.0 ** rng.integers(100, 308)
    return panel * 10.0 ** rng.integers(-300, 1)


HARMLESS = (
    an_empty_year,
    an_empty_column,
    a_constant_column,
    a_nearly_constant_column,
    an_outlier,
    a_collapse_and_its_rebound,
    other_units,
    a_series_that_ended,
    a_series_that_began_late,
)
FAULTS = (*HARMLESS, missing_at_random, a_repeated_column, few_months, one_column, absurd_magnitudes)


def check_one_line(message):
    assert message.strip()
    assert "\n" not in message


def answers_or_says_why(panel, **options):
    """Fits and checks every number of the answer; returns the frame, or None after a clear refusal."""
    model = MacroCycleHMM(roles=ROLES, n_restarts=2, max_iter=40, **options)
    try:
        model.fit(panel)
    except MacroCycleError as refusal:
        return check_one_line(str(refusal))
    regimes = model.regimes(panel)
    for kind in ("filtered", "smoothed", "predicted"):
        probabilities = regimes.filter(like=f"{kind}_").to_numpy()
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-9)
    assert regimes["recession_probability"].between(0, 1).all()
    assert np.isfinite(model.score(panel))
    forecast = model.forecast(panel, 3)
    for numbers in (forecast.regime_probs, forecast.feature_mean, forecast.feature_std):
        assert np.isfinite(numbers).all()
    return regimes


@given(
    faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3),
    seed=st.integers(0, 2**32 - 1),
    n_regimes=st.sampled_from([2, 3, 4]),
    covariance_type=st.sampled_from(COVARIANCE_TYPES),
    emission=st.sampled_from(EMISSIONS),
    structure=st.sampled_from(STRUCTURES),
    winsor=st.sampled_from([4.0, None]),
)
@settings(max_examples=60, deadline=None)
def test_no_panel_gives_a_silent_nan_or_another_error(
    faults, seed, n_regimes, covariance_type, emission, structure, winsor
):
    rng, panel = np.random.default_rng(seed), PANEL.copy()
    for fault in faults:
        if panel.size:
            panel = fault(panel, rng)
    answers_or_says_why(
        panel,
        n_regimes=n_regimes,
        covariance_type=covariance_type,
        emission=emission,
        structure=structure,
        winsor=winsor,
    )


@pytest.mark.parametrize("fault", HARMLESS, ids=lambda fault: fault.__name__)
def test_a_fault_does_not_hide_the_cycle_from_the_default_model(fault):
    panel = fault(PANEL.copy(), np.random.default_rng(1))
    called = answers_or_says_why(panel)["recession_probability"] > 0.5
    known = panel.notna().any(axis=1)
    assert (called[known] == LOW[known]).mean() > 0.93
