"""The torch path takes the kernels' way: same histories, same estimates. Run on the CPU; no GPU is needed."""

import numpy as np
import pytest
import torch

from macro_cycle.hmm import HMMConfig, fit_windows, torch_em
from macro_cycle.hmm.model import prepare
from macro_cycle.hmm.search import cold_runs
from macro_cycle.hmm.torch_em import cold_runs_in_torch, worth_a_gpu
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel


@pytest.mark.parametrize("covariance_type", ["diag", "tied_diag"])
@pytest.mark.parametrize("structure", ["cycle", "free"])
def test_torch_and_kernels_agree_lane_by_lane(covariance_type, structure):
    """Windows of different lengths, missing cells, lanes that end at different iterations or never."""
    panel, _ = cycle_panel(n_months=150)
    config = HMMConfig(
        roles=ROLES, covariance_type=covariance_type, structure=structure, n_restarts=3, max_iter=60, tol=1e-5
    )
    samples = [prepare(panel.iloc[:end], config)[2] for end in (90, 117, 150)]
    in_torch = cold_runs_in_torch(samples, config, device="cpu")
    lengths = set()
    for sample, own in zip(samples, in_torch, strict=True):
        for (name, outcome), (expected_name, expected) in zip(own, cold_runs(sample, config), strict=True):
            assert name == expected_name
            assert len(outcome.history) == len(expected.history)
            lengths.add(len(expected.history))
            np.testing.assert_allclose(outcome.history, expected.history, rtol=1e-8)
            for field in ("initial_probs", "transition_matrix", "means", "covariances"):
                np.testing.assert_allclose(
                    getattr(outcome.parameters, field), getattr(expected.parameters, field), atol=1e-8
                )
    assert len(lengths) > 1


def test_a_small_batch_or_no_device_stays_with_the_kernels(monkeypatch):
    panel, _ = cycle_panel(n_months=120)
    config = HMMConfig(roles=ROLES, n_restarts=2, max_iter=20)
    samples = [prepare(panel, config)[2]]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert not worth_a_gpu(samples, config)
    monkeypatch.setattr(torch_em, "LARGE_BATCH", 2)
    assert worth_a_gpu(samples, config)
    assert not worth_a_gpu(samples, config.replace(covariance_type="full"))
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

    monkeypatch.setattr(torch_em, "worth_a_gpu", lambda samples, config: True)
    monkeypatch.setattr(torch_em, "cold_runs_in_torch", on_the_cpu)
    for own, asked in zip(fit_windows(windows, config), fit_windows(windows, config, gpu=True), strict=True):
        np.testing.assert_allclose(own.parameters.means, asked.parameters.means, atol=1e-8)
        assert own.convergence.objective == pytest.approx(asked.convergence.objective, rel=1e-8)
    assert taken == [2]
