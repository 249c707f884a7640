"""The metrics of the platform, by the names that dashboards and alerts rely on."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)

predictions = Counter("hmm_predictions", "Predictions served", ["model_name", "regime"])
latency = Histogram("hmm_prediction_latency_seconds", "Time to answer a prediction", ["model_name"], buckets=BUCKETS)
errors = Counter("hmm_prediction_errors", "Predictions refused or failed", ["model_name", "error_type"])


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(name, text, ["model_name", *labels], multiprocess_mode="mostrecent")


log_likelihood = _gauge("hmm_model_log_likelihood", "Log-likelihood of the served model on its panel, nats")
aic = _gauge("hmm_model_aic", "Akaike's information criterion of the served model")
bic = _gauge("hmm_model_bic", "Bayesian information criterion of the served model")
regime_distribution = _gauge(
    "hmm_regime_distribution", "Filtered probability of each regime in the newest month", "regime"
)
feature_count = _gauge("hmm_feature_count", "Features of the served model")
drift = _gauge("hmm_drift", "Drift statistic of the newest month's model", "statistic")
drift_p_value = _gauge("hmm_drift_p_value", "Probability of a drift statistic as extreme without drift", "statistic")


def describe_model(
    name: str, figures: Mapping[str, float], probabilities: Mapping[str, float], n_features: int
) -> None:
    """Set the gauges of the model that serves from now on."""
    log_likelihood.labels(name).set(figures["log_likelihood"])
    aic.labels(name).set(figures["aic"])
    bic.labels(name).set(figures["bic"])
    feature_count.labels(name).set(n_features)
    for regime, probability in probabilities.items():
        regime_distribution.labels(name, regime).set(probability)


def describe_drift(name: str, statistics: Mapping[str, tuple[float, float]]) -> None:
    """Set the value and the p-value of each drift statistic of the newest month's model."""
    for statistic, (value, p_value) in statistics.items():
        drift.labels(name, statistic).set(value)
        drift_p_value.labels(name, statistic).set(p_value)
