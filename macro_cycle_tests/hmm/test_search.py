"""The search says how it went: basin gap, convergence, warnings."""

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, HMMParameters, MacroCycleHMM, fit_windows
from macro_cycle.hmm import em as em_module
from macro_cycle.hmm.config import COVARIANCE_TYPES, EMISSIONS
from macro_cycle.hmm.em import run_em
from macro_cycle.hmm.starts import starts
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel
from macro_cycle_tests.hmm.test_em import PLAIN, months, observe


def test_the_kept_fit_is_the_best_start_and_the_gap_is_measured_from_the_first():
    values = months(11, 120, 2, 0.05, tails=False)
    config = PLAIN.replace(n_regimes=3, n_restarts=6, covariance_type="diag", tol=1e-7)
    report = MacroCycleHMM(config).fit(values).convergence
    observations = observe(values)
    ends = [o.objective for o in run_em(observations, config, [p for _, p in starts(observations, config)])]
    assert report.objective == max(ends)
    assert report.basin_gap == max(ends) - ends[0]
    assert [s.objective for s in report.starts] == ends


def test_a_warm_start_comes_first_and_its_basin_gap_is_what_the_cold_ones_added():
    values = months(11, 120, 2, 0.05, tails=False)
    config = PLAIN.replace(n_regimes=3, n_restarts=6, covariance_type="diag", tol=1e-7)
    best = MacroCycleHMM(config).fit(values)
    again = MacroCycleHMM(config).fit(values, warm_start=best.parameters).convergence
    assert again.starts[0].name == "warm"
    assert len(again.starts) == 7
    assert again.basin_gap <= 1e-3
    worst = min(range(6), key=lambda i: best.convergence.starts[i].objective)
    observations = observe(values)
    stuck = run_em(observations, config, [starts(observations, config)[worst][1]])[0]
    report = MacroCycleHMM(config).fit(values, warm_start=stuck.parameters).convergence
    assert report.basin_gap >= best.convergence.objective - stuck.objective - 1e-3


def test_a_fit_that_ran_out_of_iterations_says_so_in_plain_words():
    panel, _ = cycle_panel(n_months=120)
    report = MacroCycleHMM(HMMConfig(roles=ROLES, max_iter=2)).fit(panel).convergence
    assert not report.converged
    assert any("before it converged: raise max_iter" in words for words in report.warnings)
    assert len(report.history) == report.n_iter == 2
    assert np.isfinite(report.history).all()


SHORT, _ = cycle_panel(n_months=120)
CONFIG = HMMConfig(roles=ROLES, n_restarts=4, max_iter=20)
FITTED = MacroCycleHMM(CONFIG).fit(SHORT)


def changed(parameters, **parts):
    """The parameters with some arrays overwritten, whatever they then are."""
    copy = parameters.permuted(range(parameters.n_regimes))
    for name, value in parts.items():
        getattr(copy, name)[:] = value
    return copy


BAD_STARTS = {
    "no variance": ({"covariances": 0.0}, "covariances holds a variance that is not positive"),
    "not a number": ({"means": np.nan}, "means holds a number that is not finite"),
    "no distribution": ({"initial_probs": 0.5}, "initial_probs sums to 2, not to 1"),
    "a negative probability": ({"initial_probs": [-1, 1, 1, 0]}, "initial_probs holds a negative probability"),
    "rows that do not sum to one": ({"transition_matrix": np.eye(4) / 2}, "transition_matrix sums to 0.5, not to 1"),
    "a turn against the clock": ({"transition_matrix": 0.25}, "transition_matrix has a turn against the clock"),
}


@pytest.mark.parametrize(("parts", "reason"), BAD_STARTS.values(), ids=BAD_STARTS)
def test_a_bad_start_is_reported_and_the_others_go_on(parts, reason):
    model = MacroCycleHMM(CONFIG).fit(SHORT, warm_start=changed(FITTED.parameters, **parts))
    report = model.convergence
    assert report.starts[0].name == "warm"
    assert report.starts[0].failure == reason
    assert report.starts[0].objective is None
    assert report.starts[1:] == FITTED.convergence.starts
    assert report.warnings == (f"1 of 5 starts of the search failed and were left aside: warm: {reason}",)
    assert model.parameters.to_document() == FITTED.parameters.to_document()
    assert MacroCycleHMM.from_document(model.to_document()).convergence == report


@pytest.mark.parametrize("emission", EMISSIONS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_lane_that_fails_leaves_its_neighbours_their_bits(covariance_type, emission):
    config = CONFIG.replace(covariance_type=covariance_type, emission=emission)
    observations = MacroCycleHMM(config).fit(SHORT).observations(SHORT)
    sound = [start for _, start in starts(observations, config)]
    bad = [changed(sound[0], covariances=0.0), changed(sound[0], means=np.nan)]
    mixed = run_em(observations, config, [bad[0], sound[0], sound[1], bad[1], sound[2], sound[3]])
    for outcome, alone in zip([mixed[i] for i in (1, 2, 4, 5)], run_em(observations, config, sound), strict=True):
        assert not outcome.failure
        assert outcome.history == alone.history
        assert outcome.parameters.to_document() == alone.parameters.to_document()
    assert "not finite" in mixed[3].failure


def falling(monkeypatch, lanes):
    """Break the updates of some lanes on purpose."""
    kernel = em_module._run_diagonal

    def broken(sample, part, stop_at, width):
        kernel(sample, part, stop_at, width)
        part["largest_fall"][:, [lane for lane in lanes if lane < width]] = 3.0

    monkeypatch.setattr(em_module, "_run_diagonal", broken)


def test_an_objective_that_falls_in_one_lane_stops_that_start_alone(monkeypatch):
    config = CONFIG.replace(tol=1e9)  # all lanes end together, in one run of the kernel
    before = MacroCycleHMM(config).fit(SHORT).convergence
    falling(monkeypatch, [2])
    report = MacroCycleHMM(config).fit(SHORT).convergence
    assert [s.failure for s in report.starts] == ["", "", "its objective fell by 3", ""]
    assert [s.objective for s in report.starts] == [
        *(s.objective for s in before.starts[:2]),
        None,
        *(s.objective for s in before.starts[3:]),
    ]


def test_a_search_without_a_fit_says_why_in_one_line_and_does_not_blame_the_panel(monkeypatch):
    falling(monkeypatch, range(8))
    with pytest.raises(MacroCycleError, match=r"none of the 4 starts .* fell by 3") as refusal:
        MacroCycleHMM(CONFIG).fit(SHORT)
    assert "\n" not in str(refusal.value)
    assert "units" not in str(refusal.value)


def test_a_backfill_goes_on_from_a_bad_start_too():
    bad = changed(FITTED.parameters, covariances=0.0)
    first, second = fit_windows((SHORT, [100, 120]), CONFIG, warm_start=bad)
    assert first.convergence.starts[0].failure
    assert not second.convergence.starts[0].failure


@pytest.mark.parametrize("start", [{"means": 0.0}, "warm", HMMParameters([1.0], [[1.0]], [[0.0]], [1.0], "tied_diag")])
def test_the_start_of_another_model_is_refused(start):
    with pytest.raises(MacroCycleError, match=r"warm.start"):
        MacroCycleHMM(CONFIG).fit(SHORT, warm_start=start)
