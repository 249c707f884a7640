"""The metrics that the dashboards read: the one list of their names, with the labels that panels may use."""

PREDICTIONS = "hmm_predictions_total"
LATENCY = "hmm_prediction_latency_seconds_bucket"
ERRORS = "hmm_prediction_errors_total"
LOG_LIKELIHOOD = "hmm_model_log_likelihood"
AIC = "hmm_model_aic"
BIC = "hmm_model_bic"
REGIMES = "hmm_regime_distribution"
FEATURES = "hmm_feature_count"
DRIFT = "hmm_drift"
DRIFT_P_VALUE = "hmm_drift_p_value"
UP = "up"  # Prometheus' own

LABELS: dict[str, tuple[str, ...]] = {
    PREDICTIONS: ("model_name", "regime"),
    LATENCY: ("model_name", "le"),
    ERRORS: ("model_name", "error_type"),
    LOG_LIKELIHOOD: ("model_name",),
    AIC: ("model_name",),
    BIC: ("model_name",),
    REGIMES: ("model_name", "regime"),
    FEATURES: ("model_name",),
    DRIFT: ("model_name", "statistic"),
    DRIFT_P_VALUE: ("model_name", "statistic"),
}
