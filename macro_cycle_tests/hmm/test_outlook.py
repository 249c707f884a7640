"""The record of the months ahead is exact for given parameters, consistent in itself, and survives being stored."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, dynamics
from macro_cycle.hmm.outlook import Outlook
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

LOW = np.array([False, False, True])


def random_steps(seed: int, months: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), size=(months, 3))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), months=st.integers(1, 5))
def test_onset_and_regimes_equal_the_enumeration_of_all_futures(seed, months):
    now, steps = random_steps(seed, months)
    regimes, onset = np.zeros((months, 3)), np.zeros(months)
    for path in itertools.product(range(3), repeat=months + 1):
        probability = now[path[0]] * np.prod([steps[h, path[h], path[h + 1]] for h in range(months)])
        entries = [not LOW[path[h]] and LOW[path[h + 1]] for h in range(months)]
        for h in range(months):
            regimes[h, path[h + 1]] += probability
            onset[h] += probability * any(entries[: h + 1])
    np.testing.assert_allclose(dynamics.step_ahead(now, steps), regimes, atol=1e-12)
    np.testing.assert_allclose(dynamics.onset_probability(now, steps, LOW), onset, atol=1e-12)


@pytest.mark.parametrize("inside", [LOW, ~LOW, np.array([True, False, False])])
def test_the_time_to_an_exit_is_the_mean_of_all_futures(inside):
    now, steps = random_steps(7, 4)
    rest = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])
    given_inside, mean = np.where(inside, now, 0.0), 0.0
    alive = given_inside / given_inside.sum()
    for h in range(2000):
        mean += alive.sum()
        alive = np.where(inside, alive @ (steps[h] if h < 4 else rest), 0.0)
    assert dynamics.months_to_exit(now, steps, rest, inside) == pytest.approx(mean, rel=1e-10)


def test_regimes_that_are_never_left_take_for_ever():
    steps = np.broadcast_to(np.eye(3), (2, 3, 3))
    assert np.isinf(dynamics.months_to_exit(np.array([0.2, 0.3, 0.5]), steps, np.eye(3), LOW))


@pytest.fixture(scope="module", params=[False, True], ids=["constant", "varying"])
def case(request) -> tuple[MacroCycleHMM, object, Outlook]:
    panel, _ = cycle_panel(n_months=240)
    roles = ROLES
    if request.param:
        spread = np.sin(np.arange(240) / 12.0)
        panel, roles = panel.assign(spread=spread), {**ROLES, "spread": "transition"}
    model = MacroCycleHMM(HMMConfig(roles=roles, n_restarts=2)).fit(panel)
    return model, panel, model.outlook(panel, n_draws=100)


def test_the_record_agrees_with_the_answer_and_with_itself(case):
    model, panel, outlook = case
    answer = model.regimes(panel).iloc[-1]
    assert outlook.label == answer["label"]
    assert outlook.recession_probability.value == answer["recession_probability"]
    assert outlook.reference_month == str(panel.index[-1].date())
    assert [month.months_ahead for month in outlook.months] == list(range(1, 13))
    for month in outlook.months:
        assert sum(p.value for p in month.probabilities.values()) == pytest.approx(1.0)
        low = month.probabilities["Contraction"].value + month.probabilities["Trough"].value
        assert month.recession_probability.value == pytest.approx(low)
    begins = [outlook.recession_begins[n].value for n in (3, 6, 12)]
    assert begins == sorted(begins)
    assert 1.0 <= outlook.months_to_exit.value <= outlook.months_to_turn.value


def test_every_interval_holds_its_number(case):
    _, _, outlook = case
    intervals = [outlook.recession_probability, outlook.months_to_exit, outlook.months_to_turn]
    intervals += [*outlook.recession_begins.values(), *(m.recession_probability for m in outlook.months)]
    intervals += [p for month in outlook.months for p in month.probabilities.values()]
    assert all(i.low <= i.value <= i.high and i.low < i.high for i in intervals)


def test_parameters_integrated_out_stay_near_the_estimate(case):
    model, panel, outlook = case
    forecast = model.forecast(panel, 12)
    found = np.array([month.recession_probability.value for month in outlook.months])
    np.testing.assert_allclose(found, forecast.recession_probability, atol=0.1)
    for n in (3, 6, 12):
        assert outlook.recession_begins[n].value == pytest.approx(forecast.recession_begins[n - 1], abs=0.1)


def test_the_record_survives_json_and_is_the_same_each_time(case):
    model, panel, outlook = case
    assert Outlook.from_document(json.loads(json.dumps(outlook.to_document()))) == outlook
    assert model.outlook(panel, n_draws=100) == outlook


def test_a_damaged_record_is_refused():
    with pytest.raises(MacroCycleError, match="outlook is damaged"):
        Outlook.from_document({"label": "Peak"})


def test_a_level_that_is_none_is_refused(case):
    model, panel, _ = case
    with pytest.raises(MacroCycleError, match="level"):
        model.outlook(panel, level=1.0, n_draws=2)
