"""The dashboard *Model Monitoring*: is the endpoint well, what serves there, and has the model drifted?"""

import metrics as m
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort
from panels import AMBER, GREEN, PROMETHEUS, RED, THIRD, bars, lines, measured, number, thresholds
from platform_health import freshness, platform


def model_monitoring() -> Dashboard:
    """The dashboard, in six rows."""
    dashboard = (
        Dashboard("Model Monitoring")
        .uid("macro-cycle-model-monitoring")
        .description("The endpoint, the model behind it, and whether it still fits the data.")
        .tags(["macro-cycle"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("utc")
        .with_variable(DatasourceVariable("prometheus").label("Prometheus").type("prometheus"))
        .with_variable(_choice("cycle", "Cycle", f"label_values({m.ANSWER_AGE}, cycle)"))
        .with_variable(_choice("model", "Model", f"label_values({m.REQUESTS}{{{m.OF_CYCLE}}}, model_name)"))
    )
    rows = {
        "Endpoint": _endpoint(),
        "Model": _model(),
        "Drift": _drift(),
        "Answer": _answer(),
        "Freshness": freshness(),
        "Platform": platform(),
    }
    for title, panels in rows.items():
        dashboard = dashboard.with_row(Row(title))
        for panel in panels:
            dashboard = dashboard.with_panel(panel)
    return dashboard


def _choice(name: str, label: str, query: str) -> QueryVariable:
    """A variable of which one, several or all may be chosen."""
    variable = QueryVariable(name).label(label).datasource(PROMETHEUS).query(query)
    variable = variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.multi(True).include_all(True)


def _endpoint() -> list:
    errors = f"sum(rate({m.ERRORS}{{{m.OF_MODEL}}}[$__rate_interval]))"
    answered = f"sum(rate({m.PREDICTIONS}{{{m.OF_MODEL}}}[$__rate_interval]))"
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
            measured(f"sum(increase({m.PREDICTIONS}{{{m.OF_MODEL}}}[24h]))", now=True),
        ),
        lines(
            "Predictions by regime",
            "Instances answered a second, by the regime of the answer.",
            measured(f"sum by (regime) (rate({m.PREDICTIONS}{{{m.OF_MODEL}}}[$__rate_interval]))", "{{regime}}"),
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
            measured(f"sum by (error_type) (rate({m.ERRORS}{{{m.OF_MODEL}}}[$__rate_interval]))", "{{error_type}}"),
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
            measured(f"changes({m.LOG_LIKELIHOOD}{{{m.OF_MODEL}}}[24h])", "{{model_name}}"),
        ),
        bars(
            "Regimes of the newest month",
            "Filtered probability of each regime as the served model has it.",
            measured(f"{m.REGIMES}{{{m.OF_MODEL}}}", "{{cycle}} {{regime}}", now=True),
            unit="percentunit",
        ),
    ]


def _drift() -> list:
    return [
        lines(
            "Drift statistics",
            "What the checks of the newest month's model found.",
            measured(f"{m.DRIFT}{{{m.OF_MODEL}}}", "{{cycle}} {{statistic}}"),
        ),
        lines(
            "Probability without drift",
            "Of a statistic as extreme; below 0.01 it is an alert.",
            measured(f"{m.DRIFT_P_VALUE}{{{m.OF_MODEL}}}", "{{cycle}} {{statistic}}"),
            unit="percentunit",
        ).thresholds(thresholds((None, RED), (0.01, "transparent"))),
    ]


def _answer() -> list:
    return [
        lines(
            "Recession probability",
            "Of the newest answer, with the ends of its 90 % band.",
            measured(f"{m.RECESSION}{{{m.OF_CYCLE}}}", "{{cycle}}"),
            measured(f"{m.BAND}{{{m.OF_CYCLE}}}", "{{cycle}} {{end}}", "B"),
            unit="percentunit",
            span=THIRD,
        ),
        bars(
            "A recession begins",
            "Probability that one begins within so many months.",
            measured(f"{m.BEGINS}{{{m.OF_CYCLE}}}", "{{cycle}}, {{months}} months", now=True),
            unit="percentunit",
            span=THIRD,
        ),
        lines(
            "Contraction declared",
            "1 while a contraction stands declared.",
            measured(f'{m.DECLARED}{{{m.OF_CYCLE}, phase="contraction"}}', "{{cycle}}"),
            span=THIRD,
        ),
    ]


def _quantile(q: float) -> str:
    return f"histogram_quantile({q}, sum by (le) (rate({m.LATENCY}{{{m.OF_MODEL}}}[$__rate_interval])))"


def _newest(metric: str) -> object:
    return measured(f"{metric}{{{m.OF_MODEL}}}", "{{model_name}}", now=True)
