"""What is said of a model's doubt is what its posterior says, by the inference that was asked for."""

import json

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle.hmm.posterior import pyro_model
from macro_cycle.hmm.posterior.posterior import _doubts
from macro_cycle.training.inference import LEVEL, posterior_of
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel


@pytest.fixture(scope="module")
def trained():
    panel, _ = cycle_panel(1, 90)
    return MacroCycleHMM(HMMConfig(n_regimes=2, roles=ROLES, n_restarts=1)).fit(panel), panel


def test_the_band_is_that_of_the_newest_month_and_the_table_that_of_the_parameters(trained):
    model, panel = trained
    told = posterior_of(model, panel, "laplace", 200).to_document()
    posterior = model.posterior(panel, "laplace", n_draws=200, seed=model.config.seed)
    band = posterior.regimes(panel, LEVEL).recession_filtered
    assert told["recession_probability"] == {
        name: getattr(band, name)[-1] for name in ("low", "median", "high", "mean")
    }
    assert told["probabilities"]["Contraction"] == pytest.approx(told["recession_probability"])
    parameters = posterior.parameters(LEVEL)
    assert [row["parameter"] for row in told["parameters"]] == list(parameters.index)
    assert [row["std_error"] for row in told["parameters"]] == list(parameters["std_error"])
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_estimates_alone_have_no_posterior(trained):
    assert posterior_of(*trained, "em") is None


@pytest.mark.parametrize("draws", [-1, 99, 10_001])
def test_a_number_of_draws_that_tells_nothing_or_takes_hours_is_refused(trained, draws):
    with pytest.raises(MacroCycleError, match=f"draws is {draws}: it must be from 100 to 10000"):
        posterior_of(*trained, "em", draws)


@pytest.mark.parametrize(
    ("inference", "options", "figures"),
    [
        ("svi", {"svi_steps": 12}, {"elbo", "elbo_gain"}),
        ("nuts", {"warmup": 6, "n_chains": 2}, {"largest_r_hat", "smallest_effective_sample_size", "divergences"}),
    ],
)
def test_pyro_tells_how_far_it_is_and_its_own_diagnostics(trained, inference, options, figures):
    model, panel = trained
    told: list[tuple[int, int]] = []
    found = model.posterior(panel, inference, n_draws=12, progress=lambda *at: told.append(at), **options)
    steps = 12 if inference == "svi" else 2 * (6 + 6)
    assert told == [(step, steps) for step in range(1, steps + 1)]
    assert set(found.diagnostics) == figures


@pytest.mark.parametrize("figure", [float("nan"), 1.2])
def test_chains_that_have_not_mixed_or_cannot_be_compared_are_named(figure):
    assert any("not mixed" in line for line in _doubts({"largest_r_hat": figure}))


@pytest.mark.parametrize("figure", [float("nan"), -557.6, 99.0])
def test_draws_that_are_worth_too_little_are_named(figure):
    assert any("fewer than 100" in line for line in _doubts({"smallest_effective_sample_size": figure}))


def test_a_variational_inference_that_runs_away_is_one_line(trained, monkeypatch):
    model, panel = trained
    monkeypatch.setattr(pyro_model.SVI, "step", lambda *_: float("nan"))
    with pytest.raises(MacroCycleError, match="ran away"):
        model.posterior(panel, "svi", n_draws=100, svi_steps=2)
