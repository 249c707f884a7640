"""The torch path takes the kernels' way: same histories, same estimates. Run on the CPU; no GPU is needed."""

import numpy as np
import pytest
import torch

from macro_cycle.hmm import HMMConfig, fit_windows
from macro_cycle.hmm.config import COVARIANCE_TYPES
from macro_cycle.hmm.model import prepare
from macro_cycle.hmm.search import cold_runs
from macro_cycle.hmm.structure import allowed_transitions
from macro_cycle.hmm.torch_em import run
from macro_cycle.hmm.torch_em.chain import Chain
from macro_cycle.hmm.torch_em.correlated import CorrelatedCells
from macro_cycle.hmm.torch_em.lanes import Structure, to_device
from macro_cycle.hmm.torch_em.run import cold_runs_in_torch, worth_a_gpu
from macro_cycle_tests.hmm.oracles import posterior_by_enumeration
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

EMISSIONS = {
    "gaussian": {"emission": "gaussian"},
    "student": {"emission": "student_t", "dof": 6.0},
    "student, dof estimated": {"emission": "student_t", "dof": "estimated"},
}


@pytest.mark.parametrize("missing", [0.0, 0.03], ids=["complete", "missing cells"])
@pytest.mark.parametrize("emission", EMISSIONS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_torch_and_kernels_agree_lane_by_lane(covariance_type, emission, missing):
    """Windows of different lengths, lanes that end at different iterations or never."""
    panel, _ = cycle_panel(n_months=150, missing=missing)
    if missing:
        panel.iloc[40] = np.nan
    config = HMMConfig(
        roles=ROLES, covariance_type=covariance_type, n_restarts=3, max_iter=40, tol=1e-5, **EMISSIONS[emission]
    )
    samples = [prepare(panel.iloc[:end], config)[2] for end in (90, 117, 150 if missing else 148)]
    assert all(sample.complete for sample in samples) == (missing == 0.0)
    lengths = _compare(cold_runs_in_torch(samples, config, device="cpu"), samples, config)
    assert len(lengths) > 1


@pytest.mark.parametrize("covariance_type", ["diag", "full"])
def test_torch_and_kernels_agree_without_ties_of_means(covariance_type):
    panel, _ = cycle_panel(n_months=150)
    config = HMMConfig(structure="free", covariance_type=covariance_type, discount=1.0, n_restarts=3, max_iter=30)
    samples = [prepare(panel, config)[2]]
    _compare(cold_runs_in_torch(samples, config, device="cpu"), samples, config)


@pytest.mark.parametrize("contrast", [1.0, 3e3], ids=["mild", "beyond the range of exp"])
def test_chain_equals_enumeration_whatever_the_contrast_of_regimes(contrast):
    """Under the clock, where the best fitting regime may be out of reach; the second lane is two months shorter."""
    rng, config = np.random.default_rng(3), HMMConfig()
    emissions = contrast * rng.normal(size=(2, 7, 4))
    emissions[1, 5:] = 0.0
    live = np.ones((2, 7, 1))
    live[1, 5:] = 0.0
    initial = rng.dirichlet(np.ones(4), size=2)
    transition = rng.dirichlet(np.ones(4), size=(2, 4)) * allowed_transitions(config)
    transition /= transition.sum(axis=-1, keepdims=True)
    structure = Structure.of(config, ["x"], "cpu")
    chain = Chain(structure, *(to_device(a, "cpu") for a in (initial, transition, live)))
    log_likelihood = chain.expect(to_device(emissions, "cpu"))
    for b, T in enumerate((7, 5)):
        exact = posterior_by_enumeration(emissions[b, :T], initial[b], transition[b])
        np.testing.assert_allclose(float(log_likelihood[b]), exact[0], rtol=1e-12)
        np.testing.assert_allclose(chain.smoothed[b, :T].numpy(), exact[1], atol=1e-10)
        np.testing.assert_allclose(chain.expected[b].numpy(), exact[2], atol=1e-10)
        assert not chain.smoothed[b, T:].any()


def test_lanes_that_do_not_fit_at_once_run_in_chunks(monkeypatch):
    panel, _ = cycle_panel(n_months=100)
    config = HMMConfig(roles=ROLES, covariance_type="tied", n_restarts=3, max_iter=5)
    samples = [prepare(panel, config)[2]]
    whole = cold_runs_in_torch(samples, config, device="cpu")
    sizes, chunks = [], run._chunks
    monkeypatch.setattr(run, "_chunks", lambda n, width: sizes.extend(map(len, chunks(n, width))) or chunks(n, width))
    monkeypatch.setattr(run, "LARGEST_TENSOR", 2 * CorrelatedCells.numbers_per_lane(samples, 4))
    in_chunks = cold_runs_in_torch(samples, config, device="cpu")
    assert sizes == [2, 1]
    for (_, one), (_, other) in zip(whole[0], in_chunks[0], strict=True):
        np.testing.assert_allclose(one.history, other.history, rtol=1e-12)


def _compare(in_torch, samples, config):
    """Assert that histories and estimates are the kernels'; returns the numbers of iterations."""
    lengths = set()
    for sample, own in zip(samples, in_torch, strict=True):
        for (name, outcome), (expected_name, expected) in zip(own, cold_runs(sample, config), strict=True):
            assert name == expected_name
            assert len(outcome.history) == len(expected.history)
            lengths.add(len(expected.history))
            np.testing.assert_allclose(outcome.history, expected.history, rtol=1e-8)
            for field in ("initial_probs", "transition_matrix", "means", "covariances", "dof"):
                one, other = getattr(outcome.parameters, field), getattr(expected.parameters, field)
                assert (one is None) == (other is None)
                if one is not None:
                    np.testing.assert_allclose(one, other, rtol=1e-8 if field == "dof" else 0.0, atol=1e-8)
    return lengths


def test_a_small_batch_or_no_device_stays_with_the_kernels(monkeypatch):
    panel, _ = cycle_panel(n_months=120)
    config = HMMConfig(roles=ROLES, n_restarts=2, max_iter=20)
    samples = [prepare(panel, config)[2]]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert not worth_a_gpu(samples, config)
    monkeypatch.setattr(run, "LARGE_BATCH", 2)
    assert worth_a_gpu(samples, config)
    assert not worth_a_gpu([*samples, prepare(panel.drop(columns="jobs"), config)[2]], config)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not worth_a_gpu(samples, config)
    own, asked = (fit_windows([panel], config, gpu=gpu)[0].to_document() for gpu in (False, True))
    assert own == asked


def test_a_batch_that_is_worth_it_takes_its_own_starts_from_the_device(monkeypatch):
    panel, _ = cycle_panel(n_months=120)
    config = HMMConfig(roles=ROLES, n_restarts=2, max_iter=20)
    windows, taken = [panel.iloc[:100], panel], []

    def on_the_cpu(samples, config):
        taken.append(len(samples))
        return cold_runs_in_torch(samples, config, device="cpu")

    monkeypatch.setattr(run, "worth_a_gpu", lambda samples, config: True)
    monkeypatch.setattr(run, "cold_runs_in_torch", on_the_cpu)
    for own, asked in zip(fit_windows(windows, config), fit_windows(windows, config, gpu=True), strict=True):
        np.testing.assert_allclose(own.parameters.means, asked.parameters.means, atol=1e-8)
        assert own.convergence.objective == pytest.approx(asked.convergence.objective, rel=1e-8)
    assert taken == [2]
