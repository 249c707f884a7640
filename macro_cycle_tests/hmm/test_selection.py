"""Selection: scores look at nothing later, are densities in panel units, and find the model that made the data."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, HMMParameters, MacroCycleHMM, select
from macro_cycle.hmm.selection import walk_forward_log_scores
from macro_cycle.hmm.simulation import simulate
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

FREE = HMMConfig(structure="free", discount=1.0, winsor=None, n_restarts=4, max_iter=100)


def three_levels(n_months: int, seed: int = 0) -> pd.DataFrame:
    """Three regimes far apart with one common correlated covariance."""
    transition = np.full((3, 3), 0.03) + 0.91 * np.eye(3)
    covariance = np.array([[1.0, 0.7], [0.7, 1.0]])
    truth = HMMParameters(np.full(3, 1 / 3), transition, [[-4, 0], [0, 4], [4, -4]], covariance, "tied")
    values = simulate(truth, n_months, np.random.default_rng(seed))[1]
    return pd.DataFrame(100.0 * values, columns=["a", "b"])


@pytest.mark.parametrize("criterion", ["log_score", "bic"])
def test_the_model_that_made_the_data_is_found(criterion):
    selection = select(three_levels(320), FREE, criterion=criterion, every=80, covariance_types=("tied", "tied_diag"))
    assert (selection.best.config.n_regimes, selection.best.config.covariance_type) == (3, "tied")
    table = selection.table
    assert len(table) == 6
    assert table["converged"].all()
    assert (
        table[criterion].is_monotonic_decreasing if criterion == "log_score" else table["bic"].is_monotonic_increasing
    )


def test_scores_see_nothing_later():
    panel, _ = cycle_panel(n_months=160)
    config = HMMConfig(roles=ROLES, n_restarts=2, max_iter=40)
    whole = walk_forward_log_scores(panel, config, first=120, every=10)
    spoiled = panel.copy()
    spoiled.iloc[140:] = 50.0
    assert np.array_equal(walk_forward_log_scores(spoiled, config, first=120, every=10)[:20], whole[:20])
    assert len(whole) == 40


def test_scores_are_densities_in_panel_units():
    """The same panel in units a thousand times smaller has densities a thousand times larger per observed cell."""
    panel, _ = cycle_panel(n_months=140)
    config = HMMConfig(roles=ROLES, n_restarts=2, max_iter=40)
    own, rescaled = (walk_forward_log_scores(p, config, first=120, every=10) for p in (panel, panel / 1000.0))
    cells = panel.iloc[120:].notna().sum(axis=1).to_numpy()
    np.testing.assert_allclose(rescaled - own, cells * np.log(1000.0), atol=1e-6)


def test_a_score_is_the_predictive_mixture_at_the_next_month():
    panel = three_levels(200)
    scores = walk_forward_log_scores(panel, FREE.replace(n_regimes=3, covariance_type="tied"), first=150, every=50)
    model = MacroCycleHMM(FREE, n_regimes=3, covariance_type="tied").fit(panel.iloc[:150])
    ahead = model.filter(panel.iloc[:150]).filtered_probs[-1] @ model.parameters.transition_matrix
    scale = np.diag(model.standardizer.scale)
    density = sum(
        w
        * stats.multivariate_normal(model.standardizer.inverse(m), scale @ model.parameters.covariances @ scale).pdf(
            panel.iloc[150]
        )
        for w, m in zip(ahead, model.parameters.means, strict=True)
    )
    assert scores[0] == pytest.approx(np.log(density), abs=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"criterion": "hqic"}, "log_score, aic, bic"),
        ({"n_regimes": ()}, "at least one"),
        ({"first": 160}, "to predict"),
        ({"every": 0}, "every is 0: it must be at least 1"),
        ({"every": 2.5}, "every is 2.5: it must be a whole number"),
    ],
)
def test_bad_requests_are_named(options, words):
    panel, _ = cycle_panel(n_months=160)
    with pytest.raises(MacroCycleError, match=words):
        select(panel, HMMConfig(), **options)
