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
REQUESTS = "macro_cycle_requests_total"
ANSWER_AGE = "macro_cycle_answer_age_seconds"
DATA_AGE = "macro_cycle_data_age_seconds"
MONTH_AGE = "macro_cycle_reference_month_age_seconds"
SERVED_AGE = "macro_cycle_served_age_seconds"
SERVED_MATCHES = "macro_cycle_served_matches_answer"
SERIES_AGE = "macro_cycle_series_age_seconds"
SERVICE_UP = "macro_cycle_service_up"
RUNS = "macro_cycle_dagster_runs"
QUEUE = "macro_cycle_dagster_queue_length"
QUEUE_AGE = "macro_cycle_dagster_queue_age_seconds"
PARTITIONS = "macro_cycle_dagster_partitions"
TICK_FAILING = "macro_cycle_dagster_tick_failing"
HEARTBEAT_AGE = "macro_cycle_dagster_heartbeat_age_seconds"
DISK_FREE = "macro_cycle_disk_free_bytes"
DISK_SIZE = "macro_cycle_disk_size_bytes"
DATABASE_SIZE = "macro_cycle_database_size_bytes"
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
    REQUESTS: ("model_name", "protocol", "outcome"),
    ANSWER_AGE: ("cycle",),
    DATA_AGE: ("cycle",),
    MONTH_AGE: ("cycle",),
    SERVED_AGE: ("cycle",),
    SERVED_MATCHES: ("cycle",),
    SERIES_AGE: ("cycle", "series_id"),
    SERVICE_UP: ("service",),
    RUNS: ("status",),
    QUEUE: (),
    QUEUE_AGE: (),
    PARTITIONS: ("asset", "state"),
    TICK_FAILING: ("instigator",),
    HEARTBEAT_AGE: ("daemon",),
    DISK_FREE: (),
    DISK_SIZE: (),
    DATABASE_SIZE: ("schema",),
}
