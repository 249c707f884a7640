"""The dashboard *Regime Analysis*: where in the cycle are we, how did we get there, and what would we have said?"""

import sql
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, Dashboard, DatasourceVariable, Row
from panels import (
    AMBER,
    GREEN,
    HALF,
    QUARTER,
    RED,
    THIRD,
    WAREHOUSE,
    WIDE,
    Recorded,
    bands,
    columns,
    lines,
    number,
    rows,
    thresholds,
)


def regime_analysis() -> Dashboard:
    """The dashboard, in three rows; the NBER's recessions are shaded."""
    dashboard = (
        Dashboard("Regime Analysis")
        .uid("macro-cycle-regime-analysis")
        .description("Every month-end's call as it was made, with the NBER's recessions shaded.")
        .tags(["macro-cycle"])
        .refresh("5m")
        .time("now-57y", "now")
        .timezone("utc")
        .with_variable(DatasourceVariable("warehouse").label("Warehouse").type("grafana-postgresql-datasource"))
        .annotation(_nber())
    )
    for title, panels in (("Now", _now()), ("History", _history()), ("Turns", _turns())):
        dashboard = dashboard.with_row(Row(title))
        for panel in panels:
            dashboard = dashboard.with_panel(panel)
    return dashboard


def _nber() -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name("NBER recessions")
        .datasource(WAREHOUSE)
        .enable(True)
        .icon_color("rgba(160, 160, 160, 0.35)")
        .target(Recorded(sql.nber(), ref="Anno"))
    )


def _now() -> list:
    return [
        _text("Phase", "The label of the newest call.", sql.PHASE),
        number(
            "Recession probability",
            "Filtered, of the newest call.",
            Recorded(sql.RECESSION_NOW),
            unit="percentunit",
            decimals=1,
            steps=thresholds((None, GREEN), (0.3, AMBER), (0.5, RED)),
        ),
        _text("About", "The newest month that the call is about.", sql.ABOUT),
        _text("As of", "The day whose knowledge it rests on.", sql.AS_OF),
        columns(
            "News",
            "What moved the recession probability since the month end before; the parts add up.",
            Recorded(sql.NEWS),
            "source",
            unit="percentunit",
            span=HALF,
        ),
        rows("Deployments", "What was taken into service, newest first.", Recorded(sql.SERVED)),
    ]


def _history() -> list:
    return [
        lines(
            "Recession probability, as called",
            "At each month end, from what was known on that day. Shaded: the NBER's recessions.",
            Recorded(sql.RECESSION, series=True),
            unit="percentunit",
            span=WIDE,
        ),
        bands("Phases, as called", "The label of each month end's call.", Recorded(sql.PHASES)),
        lines(
            "Probabilities of the regimes, as called",
            "They add up to one.",
            Recorded(sql.PROBABILITIES, series=True),
            unit="percentunit",
        ),
        bands(
            "Phases, in hindsight",
            "Of each month as the newest panel and model see it now: what an as-of reading must not be confused with.",
            Recorded(sql.HINDSIGHT),
            HALF,
        ),
    ]


def _turns() -> list:
    return [
        rows("Transitions", "From one month end's label to the next one's.", Recorded(sql.TRANSITIONS), span=THIRD),
        columns("Durations", "Unbroken months in a phase, on average.", Recorded(sql.DURATIONS), "phase", span=THIRD),
        rows("Turns called", "The newest changes of the label.", Recorded(sql.CALLED), span=THIRD),
        lines(
            "New models",
            "How many of the last twelve month ends had a model of their own.",
            Recorded(sql.MODELS, series=True),
            span=WIDE,
        ),
    ]


def _text(title: str, says: str, query: str) -> object:
    """A word in place of a number."""
    panel = number(title, says, Recorded(query), unit="string", span=QUARTER)
    return panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/").values(True))
