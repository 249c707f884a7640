"""Phases are events of the chain's path: they equal the enumeration of all paths, and need nothing later than told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.hmm import HMMConfig, MacroCycleHMM, inference
from macro_cycle.hmm import phases as module
from macro_cycle.hmm.labels import recession_side
from macro_cycle.hmm.phases import filter_steps, phase_probs, smoother_steps, within_sample
from macro_cycle_tests.hmm import oracles
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel
from macro_cycle_tests.hmm.test_varying_transitions import SPREAD, driven_panel

BEFORE, AROUND = 1, 2  # short windows, so that all paths can be written down


@pytest.fixture
def short_windows(monkeypatch):
    monkeypatch.setattr(module, "PEAK_AHEAD", {2: 0, 3: BEFORE + 1, 4: BEFORE + 1})
    monkeypatch.setattr(module, "TROUGH_WINDOW", {2: 0, 3: 0, 4: AROUND})


def phase_of(low: tuple[bool, ...], t: int, K: int) -> int:
    """The phase of month t by the definition, read off one path's sides of the cycle; places as for K = 4."""
    around = module.TROUGH_WINDOW[K]
    if low[t]:
        return 2 if all(low[t : t + around + 1]) else 3
    if any(low[max(t - around, 0) : t]):
        return 3
    return 1 if any(low[t + 1 : t + 1 + module.PEAK_AHEAD[K]]) else 0


def chain(seed: int, T: int, K: int, more: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(T, K)), rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), size=(T + more, K))


def by_enumeration(emissions, initial, transitions, t: int, known: int) -> np.ndarray:
    """(4,) phases of month t given the first `known` months, over all paths to the end of the transitions."""
    T, K = len(transitions), len(initial)
    seen = np.concatenate([emissions[:known], np.zeros((T - known, K))])
    paths, joint = oracles.enumerate_paths(seen, initial, transitions)
    weights, low = np.exp(joint - joint.max()), recession_side(K)
    found = np.zeros(4)
    for path, weight in zip(paths, weights, strict=True):
        found[phase_of(tuple(low[list(path)]), t, K)] += weight
    return found / found.sum()


@pytest.mark.usefixtures("short_windows")
@pytest.mark.parametrize(("K", "T"), [(2, 6), (3, 4), (4, 4)])
@pytest.mark.parametrize("seed", range(4))
def test_they_equal_the_enumeration_of_all_paths_by_the_filter_and_in_hindsight(seed, K, T):
    H = 2
    emissions, initial, transitions = chain(seed, T, K, H)
    found = inference.forward_backward(emissions, initial, transitions[:T])
    ahead = np.stack([transitions[t + 1 : t + 1 + H] for t in range(T)])
    named = {2: [0, 2], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[K]
    steps = filter_steps(found.filtered_probs, found.predicted_probs, transitions[:T])
    filtered = phase_probs(found.filtered_probs, steps, ahead)
    steps = smoother_steps(found.smoothed_probs, found.predicted_probs, transitions[:T])
    smoothed = phase_probs(found.smoothed_probs, steps, within_sample(steps, transitions[T:]))
    for t in range(T):
        end = t + 1 + H
        then = by_enumeration(emissions[: t + 1], initial, transitions[:end], t, t + 1)
        np.testing.assert_allclose(filtered[t], then[named], atol=1e-10)
        later = by_enumeration(emissions, initial, transitions, t, T)
        np.testing.assert_allclose(smoothed[t], later[named], atol=1e-10)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999), driven=st.booleans())
def test_they_sum_to_one_and_those_told_in_a_month_know_nothing_later(seed, driven):
    panel = driven_panel(seed, 160)[0] if driven else cycle_panel(seed, 160)[0]
    model = MacroCycleHMM(HMMConfig(roles=SPREAD if driven else ROLES, n_restarts=1, max_iter=20)).fit(panel)
    for hindsight in (False, True):
        np.testing.assert_allclose(model.phases(panel, hindsight).sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose(model.phases(panel)[:120], model.phases(panel[:120]), atol=1e-12)
    regimes = model.regimes(panel)
    np.testing.assert_array_equal(regimes.filter(like="phase_"), model.phases(panel))


def test_hindsight_of_the_newest_month_is_what_is_told_in_it():
    panel, _ = driven_panel(n_months=160)
    model = MacroCycleHMM(HMMConfig(roles=SPREAD, n_restarts=1)).fit(panel)
    np.testing.assert_allclose(model.phases(panel, hindsight=True)[-1], model.phases(panel)[-1], atol=1e-10)


def test_the_trough_is_where_the_low_side_ends_and_the_peak_where_the_high_side_does():
    panel, states = cycle_panel(3, 400, noise=0.3)
    model = MacroCycleHMM(roles=ROLES, n_restarts=1).fit(panel)
    told, low = model.phases(panel, hindsight=True).argmax(axis=1), states >= 2
    true = np.array([phase_of(tuple(low), t, 4) for t in range(len(low))])
    assert (told == true)[:-13].mean() > 0.95
