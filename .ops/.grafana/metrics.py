"""The metrics that the dashboards read: the one list of their names, with their labels."""

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
RECESSION = "macro_cycle_recession_probability"
BAND = "macro_cycle_recession_probability_band"
BEGINS = "macro_cycle_recession_begins_probability"
DECLARED = "macro_cycle_declared_phase"
DECLARED_AGE = "macro_cycle_declared_age_seconds"
ANSWER_AGE = "macro_cycle_answer_age_seconds"
FETCH_AGE = "macro_cycle_fetch_age_seconds"
DATA_AGE = "macro_cycle_data_age_seconds"
MONTH_AGE = "macro_cycle_reference_month_age_seconds"
SERVED_AGE = "macro_cycle_served_age_seconds"
SERVED_MATCHES = "macro_cycle_served_matches_answer"
REFUSED = "macro_cycle_promotion_refused"
PENDING = "macro_cycle_decision_pending"
FAILED_MONTHS = "macro_cycle_failed_months"
SERIES_AGE = "macro_cycle_series_age_seconds"
SERIES_LATE = "macro_cycle_series_late_seconds"
SERVICE_UP = "macro_cycle_service_up"
COLLECTOR_UP = "macro_cycle_collector_up"
RUNS = "macro_cycle_dagster_runs"
QUEUE = "macro_cycle_dagster_queue_length"
QUEUE_AGE = "macro_cycle_dagster_queue_age_seconds"
PARTITIONS = "macro_cycle_dagster_partitions"
BACKFILLS = "macro_cycle_dagster_backfills"
PROGRESS = "macro_cycle_dagster_progress_ratio"
TICK_AGE = "macro_cycle_dagster_tick_age_seconds"
TICK_FAILING = "macro_cycle_dagster_tick_failing"
HEARTBEAT_AGE = "macro_cycle_dagster_heartbeat_age_seconds"
DISK_FREE = "macro_cycle_disk_free_bytes"
DISK_SIZE = "macro_cycle_disk_size_bytes"
DATABASE_SIZE = "macro_cycle_database_size_bytes"
UP = "up"  # Prometheus' own

OF_CYCLE = 'cycle=~"$cycle"'
OF_MODEL = f'{OF_CYCLE}, model_name=~"$model"'
OF_ASSETS = 'asset=~"$cycle/.*"'

LABELS: dict[str, tuple[str, ...]] = {
    PREDICTIONS: ("cycle", "model_name", "regime"),
    LATENCY: ("cycle", "model_name", "protocol", "le"),
    ERRORS: ("cycle", "model_name", "error_type"),
    LOG_LIKELIHOOD: ("cycle", "model_name"),
    AIC: ("cycle", "model_name"),
    BIC: ("cycle", "model_name"),
    REGIMES: ("cycle", "model_name", "regime"),
    FEATURES: ("cycle", "model_name"),
    DRIFT: ("cycle", "model_name", "statistic"),
    DRIFT_P_VALUE: ("cycle", "model_name", "statistic"),
    REQUESTS: ("cycle", "model_name", "protocol", "outcome"),
    RECESSION: ("cycle",),
    BAND: ("cycle", "end"),
    BEGINS: ("cycle", "months"),
    DECLARED: ("cycle", "phase"),
    DECLARED_AGE: ("cycle",),
    ANSWER_AGE: ("cycle",),
    FETCH_AGE: ("cycle",),
    DATA_AGE: ("cycle",),
    MONTH_AGE: ("cycle",),
    SERVED_AGE: ("cycle",),
    SERVED_MATCHES: ("cycle",),
    REFUSED: ("cycle",),
    PENDING: ("cycle",),
    FAILED_MONTHS: ("cycle", "asset"),
    SERIES_AGE: ("cycle", "series_id"),
    SERIES_LATE: ("cycle", "series_id"),
    SERVICE_UP: ("service",),
    COLLECTOR_UP: ("collector",),
    RUNS: ("status",),
    QUEUE: (),
    QUEUE_AGE: (),
    PARTITIONS: ("asset", "state"),
    BACKFILLS: ("status",),
    PROGRESS: (),
    TICK_AGE: ("instigator",),
    TICK_FAILING: ("instigator",),
    HEARTBEAT_AGE: ("daemon",),
    DISK_FREE: (),
    DISK_SIZE: (),
    DATABASE_SIZE: ("schema",),
}
