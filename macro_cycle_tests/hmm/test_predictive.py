"""The distribution of a cell is what the density of the whole panel says of it."""

import numpy as np
import pytest
from scipy.integrate import quad

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle.hmm.predictive import CellDistribution, predictive

OPTIONS = [
    {"covariance_type": covariance, "emission": emission}
    for covariance in ("full", "tied", "diag", "tied_diag")
    for emission in ("gaussian", "student_t")
]


def fitted(**options) -> tuple[MacroCycleHMM, np.ndarray]:
    config = HMMConfig(n_regimes=2, n_restarts=1, max_iter=20, winsor=None, discount=1.0, **options)
    rng = np.random.default_rng(3)
    level = np.repeat([0.5, -1.5, 0.5], [60, 20, 20])[:, None]
    panel = (level + rng.standard_normal((100, 3)) @ [[1.0, 0.4, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]]) * [1, 5, 0.1]
    panel[40, 1] = panel[99, 2] = np.nan
    return MacroCycleHMM(config).fit(panel), panel


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize("row", [40, 61, 99])
def test_density_is_the_ratio_of_the_panels_densities_with_and_without_the_cell(options, row):
    model, panel = fitted(**options)
    without, scale = panel.copy(), model.standardizer.scale[1]
    without[row, 1] = np.nan
    found = predictive(model, panel, row, "x1")
    for value in (-12.0, -2.0, 0.3, 4.0):
        with_it = without.copy()
        with_it[row, 1] = value
        expected = np.exp(model.score(with_it) - model.score(without)) / scale
        assert found.pdf(value) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("dof", [None, np.array([4.0, 9.0])])
def test_mean_deviation_and_shares_are_those_of_the_density(dof):
    mixture = CellDistribution(np.array([0.3, 0.7]), np.array([-2.0, 1.0]), np.array([0.5, 1.5]), dof)
    moment = [quad(lambda y, k=k: y**k * mixture.pdf(y), -400, 400, points=[-2, 1], limit=500)[0] for k in range(3)]
    assert moment[0] == pytest.approx(1, abs=1e-6)
    assert mixture.mean == pytest.approx(moment[1], abs=1e-4)
    assert mixture.std == pytest.approx(np.sqrt(moment[2] - moment[1] ** 2), abs=1e-2)
    for value in (-3.0, 0.2, 5.0):
        below = quad(mixture.pdf, -400, value, points=[-2], limit=500)[0]
        assert mixture.cdf(value) == pytest.approx(below, abs=1e-7)


def test_a_column_that_is_not_emitted_has_none():
    model, panel = fitted()
    with pytest.raises(MacroCycleError, match="no distribution"):
        predictive(model, panel, 3, "x9")
