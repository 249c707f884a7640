"""A label and its recession probability never contradict each other, in whatever place they are asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.hmm.labels import label_names, label_positions, recession_probability, recession_side
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

weights = st.integers(2, 4).flatmap(lambda k: st.lists(st.integers(0, 8), min_size=k, max_size=k).filter(any))


@given(weights)
def test_the_side_comes_first_and_the_direction_second(weights):
    probs = np.array(weights) / sum(weights)
    place, side = int(label_positions(probs[None])[0]), recession_side(len(probs))
    assert side[place] == (recession_probability(probs) > 0.5)
    assert probs[place] == probs[side == side[place]].max()


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
