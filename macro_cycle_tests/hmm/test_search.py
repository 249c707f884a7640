"""The search says how it went: basin gap, convergence, warnings."""

import numpy as np

from macro_cycle.hmm import HMMConfig, MacroCycleHMM
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
