"""The dashboard *Model Monitoring*: is the endpoint well, what serves there, and has the model drifted?"""

import metrics as m
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort
from panels import AMBER, GREEN, PROMETHEUS, RED, THIRD, bars, lines, measured, number, thresholds

MODEL = 'model_name=~"$model"'


def model_monitoring() -> Dashboard:
    """The dashboard, in five rows."""
    dashboard = (
        Dashboard("Model Monitoring")
        .uid("macro-cycle-model-monitoring")
        .description("The endpoint, the model behind it, and whether it still fits the data.")
        .tags(["macro-cycle"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("utc")
        .with_variable(DatasourceVariable("prometheus").label("Prometheus").type("prometheus"))
        .with_variable(
            QueryVariable("model")
            .label("Model")
            .datasource(PROMETHEUS)
            .query(f"label_values({m.FEATURES}, model_name)")
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(VariableSort.ALPHABETICAL_ASC)
            .multi(True)
            .include_all(True)
        )
    )
    rows = {
        "Endpoint": _endpoint(),
        "Model": _model(),
        "Drift": _drift(),
        "Freshness": _freshness(),
        "Platform": _platform(),
    }
    for title, panels in rows.items():
        dashboard = dashboard.with_row(Row(title))
        for panel in panels:
            dashboard = dashboard.with_panel(panel)
    return dashboard


def _endpoint() -> list:
    errors = f"sum(rate({m.ERRORS}{{{MODEL}}}[$__rate_interval]))"
    answered = f"sum(rate({m.PREDICTIONS}{{{MODEL}}}[$__rate_interval]))"
    return [
        number(
            "Exporter",
            "1 while Prometheus can read the metrics; every other panel is as old as this one's last 1.",
            measured(f'min({m.UP}{{job="macro-cycle"}})', now=True),
            steps=thresholds((None, RED), (1, GREEN)),
        ),
        number(
            "Error ratio",
            "Refused and failed requests among all.",
            measured(f"{errors} / ({errors} + {answered})"),
            unit="percentunit",
            decimals=2,
            steps=thresholds((None, GREEN), (0.01, AMBER), (0.05, RED)),
        ),
        number(
            "Slowest in a hundred",
            "99th percentile of the time to answer.",
            measured(_quantile(0.99)),
            unit="s",
            decimals=4,
            steps=thresholds((None, GREEN), (0.05, AMBER), (0.1, RED)),
        ),
        number(
            "Predictions today",
            "Instances answered in the last 24 hours.",
            measured(f"sum(increase({m.PREDICTIONS}{{{MODEL}}}[24h]))", now=True),
        ),
        lines(
            "Predictions by regime",
            "Instances answered a second, by the regime of the answer.",
            measured(f"sum by (regime) (rate({m.PREDICTIONS}{{{MODEL}}}[$__rate_interval]))", "{{regime}}"),
            unit="reqps",
            span=THIRD,
        ),
        lines(
            "Latency",
            "Half, nine in ten and 99 in a hundred requests are answered sooner.",
            *(measured(_quantile(q), f"p{q * 100:.0f}", ref) for q, ref in ((0.5, "A"), (0.9, "B"), (0.99, "C"))),
            unit="s",
            span=THIRD,
        ),
        lines(
            "Errors by kind",
            "Refused and failed requests a second.",
            measured(f"sum by (error_type) (rate({m.ERRORS}{{{MODEL}}}[$__rate_interval]))", "{{error_type}}"),
            unit="reqps",
            span=THIRD,
        ),
    ]


def _model() -> list:
    return [
        number("Log-likelihood", "Of the served model on its own panel, in nats.", _newest(m.LOG_LIKELIHOOD)),
        number(
            "AIC",
            "Akaike's information criterion; of two models on the same panel the lower is better.",
            _newest(m.AIC),
        ),
        number("BIC", "The Bayesian information criterion; it weighs parameters more than Akaike's.", _newest(m.BIC)),
        number("Features", "Series that the served model reads.", _newest(m.FEATURES)),
        lines(
            "Models taken into service",
            "Changes of the log-likelihood in the 24 hours before: no other thing changes it than a deployment.",
            measured(f"changes({m.LOG_LIKELIHOOD}{{{MODEL}}}[24h])", "{{model_name}}"),
        ),
        bars(
            "Regimes of the newest month",
            "Filtered probability of each regime as the served model has it.",
            measured(f"{m.REGIMES}{{{MODEL}}}", "{{regime}}", now=True),
            unit="percentunit",
        ),
    ]


def _drift() -> list:
    return [
        lines(
            "Drift statistics",
            "What the checks of the newest month's model found.",
            measured(f"{m.DRIFT}{{{MODEL}}}", "{{statistic}}"),
        ),
        lines(
            "Probability without drift",
            "Of a statistic as extreme; below 0.01 it is an alert.",
            measured(f"{m.DRIFT_P_VALUE}{{{MODEL}}}", "{{statistic}}"),
            unit="percentunit",
        ).thresholds(thresholds((None, RED), (0.01, "transparent"))),
    ]


def _freshness() -> list:
    days = thresholds((None, GREEN), (40 * 86400, AMBER), (75 * 86400, RED))
    return [
        number("Data", "Since the newest value of any series was published.", _now(m.DATA_AGE), "s", steps=days),
        number("Answer", "Since the newest answer was recorded.", _now(m.ANSWER_AGE), "s", steps=days),
        number("Newest month", "Since the end of the month that the answer is about.", _now(m.MONTH_AGE), "s"),
        number(
            "Serves the answer",
            "1 while the model of the newest answer is the one that serves; 0 while a decision is wanted or refused.",
            _now(m.SERVED_MATCHES),
            steps=thresholds((None, AMBER), (1, GREEN)),
        ),
        bars("Series", "Since the newest value of each was published.", _by(m.SERIES_AGE, "series_id"), unit="s"),
        lines(
            "Requests by outcome",
            "Answered, refused and failed requests a second.",
            measured(f"sum by (outcome) (rate({m.REQUESTS}{{{MODEL}}}[$__rate_interval]))", "{{outcome}}"),
            unit="reqps",
        ),
    ]


def _platform() -> list:
    return [
        bars("Services", "1 while the service answers.", _by(m.SERVICE_UP, "service"), span=THIRD),
        bars("Runs", "In Dagster's storage, by how they ended.", _by(m.RUNS, "status"), span=THIRD),
        bars("Daemons", "Since each last beat; 90 seconds are late.", _by(m.HEARTBEAT_AGE, "daemon"), "s", span=THIRD),
        lines(
            "Queue",
            "Runs that wait to be launched, and for how long the first of them has.",
            measured(m.QUEUE, "runs"),
            measured(m.QUEUE_AGE, "seconds waited", "B"),
            span=THIRD,
        ),
        lines(
            "Months that failed",
            "By asset; a month that failed is made again by a range run.",
            measured(f'{m.PARTITIONS}{{state="failed"}}', "{{asset}}"),
            span=THIRD,
        ),
        lines(
            "Sensors that fail",
            "1 while the last tick of a sensor failed.",
            measured(m.TICK_FAILING, "{{instigator}}"),
            span=THIRD,
        ),
        lines(
            "Disk in use",
            "Of the disk that holds the home.",
            measured(f"1 - {m.DISK_FREE} / {m.DISK_SIZE}", "used"),
            unit="percentunit",
        ),
        lines("Database", "Tables and indexes by tenant.", measured(m.DATABASE_SIZE, "{{schema}}"), unit="bytes"),
    ]


def _now(metric: str) -> object:
    return measured(f"max({metric})", now=True)


def _by(metric: str, label: str) -> object:
    return measured(f"max by ({label}) ({metric})", f"{{{{{label}}}}}", now=True)


def _quantile(q: float) -> str:
    return f"histogram_quantile({q}, sum by (le) (rate({m.LATENCY}{{{MODEL}}}[$__rate_interval])))"


def _newest(metric: str) -> object:
    return measured(f"{metric}{{{MODEL}}}", "{{model_name}}", now=True)
