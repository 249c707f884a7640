"""A label and its recession probability never contradict each other, in whatever place they are asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.hmm.labels import CLEARLY, label_names, label_positions, recession_probability, recession_side
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

weights = st.integers(2, 4).flatmap(lambda k: st.lists(st.integers(0, 8), min_size=k, max_size=k).filter(any))


@given(weights)
def test_the_side_comes_first_and_the_direction_second(weights):
    probs = np.array(weights) / sum(weights)
    place, side = int(label_positions(probs[None])[0]), recession_side(len(probs))
    assert side[place] == (recession_probability(probs) > 0.5)
    assert probs[place] == probs[side == side[place]].max()


@given(st.lists(st.lists(st.integers(0, 8), min_size=4, max_size=4).filter(any), min_size=2, max_size=12))
def test_the_direction_holds_until_the_other_one_is_clearly_more_probable(weights):
    probs = np.array(weights) / np.sum(weights, axis=1, keepdims=True)
    found, side = label_positions(probs), recession_side(4)
    for t, place in enumerate(found):
        same = side == (recession_probability(probs[t]) > 0.5)
        assert same[place]
        share, best = probs[t, place] / probs[t, same].sum(), probs[t, same].max() / probs[t, same].sum()
        if t == 0 or not same[found[t - 1]]:
            assert share == best
        elif place != found[t - 1]:
            assert share >= CLEARLY - 1e-12
        else:
            assert share == best or best < CLEARLY


def test_a_label_needs_no_month_after_its_own():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), size=60)
    np.testing.assert_array_equal(label_positions(probs)[:40], label_positions(probs[:40]))


def test_a_tie_between_the_sides_is_no_recession():
    assert label_names(4)[label_positions(np.array([[0.1, 0.4, 0.5, 0.0]]))[0]] == "Peak"


def test_the_most_likely_of_all_regimes_may_lie_on_the_other_side():
    probs = np.array([[0.4, 0.05, 0.3, 0.25]])
    assert label_names(4)[label_positions(probs)[0]] == "Contraction"
    assert probs.argmax() == 0


def test_every_answer_of_a_model_keeps_the_rule():
    panel, _ = cycle_panel(n_months=300, noise=1.5)
    model = MacroCycleHMM(roles=ROLES, n_restarts=1).fit(panel)
    regimes = model.regimes(panel)
    low = regimes["label"].isin(["Contraction", "Trough"])
    assert (low == (regimes["recession_probability"] > 0.5)).all()
    assert (regimes["label"] == model.predict(panel)).all()
    filtered = regimes.filter(like="filtered_")
    assert (regimes["most_likely_regime"] == filtered.idxmax(axis=1).str.removeprefix("filtered_")).all()
