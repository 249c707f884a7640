"""What holds of the estimation whatever the data: monotone, exact with missing cells, blind to its neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM, fit_windows
from macro_cycle.hmm import em as em_module
from macro_cycle.hmm.em import run_em
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.starts import starts
from macro_cycle_tests.hmm import reference_em
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

PLAIN = HMMConfig(structure="free", scaling="none", winsor=None, tol=0.0, discount=0.5)
COVARIANCES = ("full", "diag", "tied", "tied_diag")
EMISSIONS = ({"emission": "gaussian"}, {"emission": "student_t"}, {"emission": "student_t", "dof": "estimated"})


def observe(values: np.ndarray) -> Observations:
    return Observations.of(values)


def months(seed: int, n_months: int, n_columns: int, missing: float, tails: bool) -> np.ndarray:
    """Two persistent levels, some cells missing, one month wholly so, in half of the cases a month far out."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.random(n_months) < 0.1) % 2
    values = rng.normal(size=(n_months, n_columns)) + 2.0 * level[:, None]
    if tails:
        values[n_months // 3] += 40.0
    values[rng.random(values.shape) < missing] = np.nan
    values[n_months // 2] = np.nan
    return values


@pytest.mark.parametrize("covariance_type", COVARIANCES)
@pytest.mark.parametrize("emission", EMISSIONS, ids=("gaussian", "t", "t-estimated"))
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_months=st.integers(12, 60),
    n_columns=st.integers(1, 4),
    n_regimes=st.integers(2, 4),
    missing=st.sampled_from([0.0, 0.05, 0.4]),
    tails=st.booleans(),
    structure=st.sampled_from(["free", "cycle"]),
    discount=st.sampled_from([1.0, 0.5]),
)
def test_objective_never_falls_and_is_the_penalised_likelihood(
    covariance_type, emission, seed, n_months, n_columns, n_regimes, missing, tails, structure, discount
):
    values = months(seed, n_months, n_columns, missing, tails)
    config = PLAIN.replace(
        covariance_type=covariance_type,
        n_regimes=n_regimes,
        structure=structure,
        discount=discount,
        max_iter=25,
        n_restarts=3,
        seed=seed,
        **emission,
    )
    observations = observe(values)
    for outcome in run_em(observations, config, [p for _, p in starts(observations, config)]):
        history = np.array(outcome.history)
        assert (np.diff(history) >= -1e-9 * (1.0 + abs(history[1:]))).all()
        expected = reference_em.objective(outcome.parameters, values, config)
        if len(history) < config.max_iter:
            assert outcome.objective == pytest.approx(expected, rel=1e-8)
        assert expected >= outcome.objective - 1e-8 * abs(expected)


@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("discount", [1.0, 0.5])
def test_iterations_equal_the_textbook_ones_with_missing_cells(missing, discount):
    values = months(1, 50, 3, missing, tails=False)
    config = PLAIN.replace(covariance_type="full", n_regimes=3, discount=discount, max_iter=5, n_restarts=2)
    observations = observe(values)
    start = starts(observations, config)[1][1]
    outcome = run_em(observations, config, [start])[0]
    expected = start
    for _ in range(config.max_iter - 1):
        expected = reference_em.step(expected, values, config)
    for name in ("initial_probs", "transition_matrix", "means", "covariances"):
        np.testing.assert_allclose(getattr(outcome.parameters, name), getattr(expected, name), rtol=1e-8, atol=1e-10)


def test_a_fall_of_the_objective_is_refused(monkeypatch):
    """Break an update on purpose: means that move away from their optimum must not pass."""
    kernel = em_module._run_diagonal

    def broken(sample, part, stop_at, width):
        kernel(sample, part, stop_at, width)
        part["history"][1] = part["history"][0] - 1.0
        part["largest_fall"][:] = 1.0

    monkeypatch.setattr(em_module, "_run_diagonal", broken)
    panel, _ = cycle_panel(n_months=60)
    with pytest.raises(MacroCycleError, match="objective fell"):
        MacroCycleHMM(roles=ROLES).fit(panel)


def test_the_kernel_books_every_fall_of_an_active_lane():
    from macro_cycle.hmm.kernels.steps import record_objective

    history, n_iter = np.full((5, 2), np.nan), np.zeros((1, 2))
    active, fall = np.ones((1, 2)), np.zeros((1, 2))
    for objective in ([[1.0, 1.0]], [[2.0, 0.25]], [[3.0, 9.0]]):
        record_objective(np.array(objective), 0.0, history, n_iter, active, fall)
    assert fall.tolist() == [[0.0, 0.75]]
    assert active.tolist() == [[1.0, 0.0]]
    assert n_iter.tolist() == [[3.0, 2.0]]


@pytest.mark.parametrize("covariance_type", COVARIANCES)
@pytest.mark.parametrize("emission", EMISSIONS, ids=("gaussian", "t", "t-estimated"))
def test_a_lane_gives_the_same_bits_alone_in_company_and_in_any_order(covariance_type, emission):
    """Lanes converge at different iterations here, so this also holds of lanes that leave the batch."""
    values = months(4, 80, 3, 0.1, tails=False)
    config = PLAIN.replace(
        covariance_type=covariance_type, n_regimes=3, max_iter=60, n_restarts=11, tol=1e-3, **emission
    )
    observations = observe(values)
    own = [p for _, p in starts(observations, config)]
    alone = [run_em(observations, config, [p])[0] for p in own]
    assert len({len(o.history) for o in alone}) > 1
    for order in (range(11), range(10, -1, -1), [3, 0, 7]):
        together = run_em(observations, config, [own[i] for i in order])
        for i, outcome in zip(order, together, strict=True):
            assert outcome.history == alone[i].history
            assert outcome.parameters.to_document() == alone[i].parameters.to_document()


def test_windows_give_the_same_bits_on_any_number_of_threads():
    panel, _ = cycle_panel(n_months=120)
    config = HMMConfig(roles=ROLES, n_restarts=3, max_iter=40)
    documents = [
        [m.to_document() for m in fit_windows((panel, range(90, 121, 5)), config, n_threads=n)] for n in (1, 2, 5)
    ]
    assert documents[0] == documents[1] == documents[2]


@pytest.mark.parametrize("covariance_type", COVARIANCES)
def test_a_t_with_many_degrees_of_freedom_is_the_gaussian(covariance_type):
    values = months(5, 90, 2, 0.05, tails=False)
    observations = observe(values)
    config = PLAIN.replace(covariance_type=covariance_type, n_regimes=2, n_restarts=1, max_iter=30)
    student = config.replace(emission="student_t", dof=1e8)
    gaussian, t = (run_em(observations, c, [starts(observations, c)[0][1]])[0] for c in (config, student))
    np.testing.assert_allclose(t.parameters.means, gaussian.parameters.means, atol=1e-5)
    np.testing.assert_allclose(t.parameters.covariances, gaussian.parameters.covariances, atol=1e-5)


@pytest.mark.parametrize("covariance_type", COVARIANCES)
def test_degrees_of_freedom_are_found(covariance_type):
    """Simulated with 4 degrees of freedom; the estimate must tell them from 15."""
    rng = np.random.default_rng(2)
    mixing = rng.chisquare(4.0, (1500, 2 if covariance_type.endswith("diag") else 1)) / 4.0
    values = rng.normal(size=(1500, 2)) / np.sqrt(mixing)
    values[750:] += 6.0
    config = PLAIN.replace(
        covariance_type=covariance_type, emission="student_t", dof="estimated", n_regimes=2, discount=1.0, tol=1e-7
    )
    model = MacroCycleHMM(config).fit(values)
    assert (abs(model.parameters.dof - 4.0) < 1.2).all()
