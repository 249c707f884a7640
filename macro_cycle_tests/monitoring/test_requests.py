"""Every request is counted, whatever becomes of it, and the error rate is right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.monitoring.metrics import OUTCOMES, UNKNOWN, ServingMetrics, outcome_of

MODEL = "macro-cycle-hmm"


@pytest.fixture
def metrics(tmp_path) -> ServingMetrics:
    return ServingMetrics({MODEL: "us"}, tmp_path)


def values(metrics: ServingMetrics, name: str) -> dict[tuple[str, ...], float]:
    samples = [sample for family in metrics.collect() for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in samples if sample.value}


def ask(metrics: ServingMetrics, outcome: str, model: str = MODEL, protocol: str = "v1") -> None:
    metrics.observe_request(model, protocol, outcome, 0.01)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_kind_of_outcome_is_counted_as_such(metrics, outcome):
    ask(metrics, outcome)
    assert values(metrics, "macro_cycle_requests_total") == {("us", MODEL, "v1", outcome): 1}
    assert values(metrics, "hmm_prediction_latency_seconds_count") == {("us", MODEL, "v1"): 1}
    errors = {} if outcome == "answered" else {("us", MODEL, outcome): 1}
    assert values(metrics, "hmm_prediction_errors_total") == errors


@given(st.integers(100, 599))
def test_every_status_has_one_outcome_and_none_that_refuses_counts_as_answered(status):
    assert outcome_of(status) in OUTCOMES
    assert (outcome_of(status) == "answered") == (status < 400)


def test_every_kind_shows_before_it_first_happens(metrics):
    samples = [sample for family in metrics.collect() for sample in family.samples]
    outcomes = {s.labels["outcome"] for s in samples if s.name == "macro_cycle_requests_total"}
    errors = {s.labels["error_type"] for s in samples if s.name == "hmm_prediction_errors_total"}
    assert (outcomes, errors) == (set(OUTCOMES), set(OUTCOMES) - {"answered"})


def test_536_failures_give_an_error_rate_of_one(metrics):
    for _ in range(536):
        ask(metrics, "failed")
    assert values(metrics, "macro_cycle_requests_total") == {("us", MODEL, "v1", "failed"): 536}


@given(st.text(st.characters(exclude_characters="/:", codec="utf-8"), min_size=1, max_size=40))
def test_no_client_makes_a_label(tmp_path_factory, name):
    metrics = ServingMetrics({MODEL: "us"}, tmp_path_factory.mktemp("counts"))
    ask(metrics, "unknown_model", name)
    assert {labels[1] for labels in values(metrics, "macro_cycle_requests_total")} <= {MODEL, UNKNOWN}


def test_a_regime_that_the_new_model_lacks_vanishes(metrics):
    figures = {"log_likelihood": -1.0, "aic": 2.0, "bic": 3.0}
    metrics.describe_model(MODEL, figures, {"Expansion": 0.9, "Trough": 0.1}, 10)
    metrics.describe_model(MODEL, figures, {"Expansion": 0.8, "Contraction": 0.2}, 9)
    assert values(metrics, "hmm_regime_distribution") == {
        ("us", MODEL, "Expansion"): 0.8,
        ("us", MODEL, "Contraction"): 0.2,
    }
    assert values(metrics, "hmm_feature_count") == {("us", MODEL): 9}


def test_a_figure_that_is_unknown_is_left_out(metrics):
    metrics.describe_model(MODEL, {"aic": 2.0}, {}, 10)
    assert values(metrics, "hmm_model_aic") == {("us", MODEL): 2.0}
    assert values(metrics, "hmm_model_bic") == {}
