"""The dashboard *Regime Analysis*: where in the cycle are we, how did we get there, and what would we have said?"""

import sql
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, Dashboard, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import VariableRefresh
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
    ahead,
    bands,
    columns,
    lines,
    number,
    rows,
    thresholds,
)

from macro_cycle.cycles import shipped
from macro_cycle.cycles.library import SHIPPED


def regime_analysis() -> Dashboard:
    """The dashboard about one cycle at a time; its official recessions are shaded."""
    dashboard = (
        Dashboard("Regime Analysis")
        .uid("macro-cycle-regime-analysis")
        .description("Every month-end's call as it was made, with the official recessions of the cycle shaded.")
        .tags(["macro-cycle"])
        .refresh("5m")
        .time("now-57y", "now")
        .timezone("utc")
        .with_variable(DatasourceVariable("warehouse").label("Warehouse").type("grafana-postgresql-datasource"))
        .with_variable(
            QueryVariable("cycle")
            .label("Cycle")
            .datasource(WAREHOUSE)
            .query(sql.CYCLES)
            .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        )
        .annotation(_official())
    )
    shown = {
        "Now": _now(),
        "The months ahead": _ahead(),
        "News": _news(),
        "History": _history(),
        "Turns and durations": _turns(),
        "Decisions": _decisions(),
    }
    for title, panels in shown.items():
        dashboard = dashboard.with_row(Row(title))
        for panel in panels:
            dashboard = dashboard.with_panel(panel)
    return dashboard


def _official() -> AnnotationQuery:
    codes = sorted((path.stem for path in SHIPPED.glob("*.yaml")), reverse=True)
    return (
        AnnotationQuery()
        .name("Official recessions")
        .datasource(WAREHOUSE)
        .enable(True)
        .icon_color("rgba(160, 160, 160, 0.35)")
        .target(Recorded(sql.recessions({code: shipped(code).chronology for code in codes}), ref="Anno"))
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
        _text("Declared phase", "What stands by the cycle's rule, which one odd answer does not turn.", sql.DECLARED),
        _text("Declared on", "The day on which it was declared.", sql.DECLARED_ON),
        _text("Turning point", "The peak or trough that the declaration is about.", sql.DECLARED_ABOUT),
        _text("Band", "Nine in ten draws of the parameters give a recession probability between these.", sql.BAND),
    ]


def _ahead() -> list:
    return [
        ahead(
            "Forecast",
            "Recession probability one to twelve months after the newest month, with the ends of its band.",
            Recorded(sql.FORECAST),
            "Months ahead",
            unit="percentunit",
        ),
        columns(
            "A recession begins",
            "Probability that one begins within so many months; one under way does not count.",
            Recorded(sql.ONSETS),
            "Within",
            unit="percentunit",
        ),
        rows("Months expected", "Until the present phase is left, and until the cycle turns.", Recorded(sql.EXITS)),
        lines(
            "Onsets, as foreseen",
            "What each month end's record foresaw: probability that a recession begins.",
            Recorded(sql.ONSETS_AS_MADE, series=True),
            unit="percentunit",
        ),
    ]


def _news() -> list:
    return [
        columns(
            "News of the newest month",
            "What moved the recession probability since the month end before; the parts add up.",
            Recorded(sql.NEWS),
            "source",
            unit="percentunit",
        ),
        lines(
            "News by kind",
            "New data, revisions, re-estimation and names: their share in each month's change.",
            Recorded(sql.NEWS_BY_KIND, series=True),
            unit="percentunit",
        ),
    ]


def _history() -> list:
    return [
        lines(
            "Recession probability, as called",
            "At each month end, from what was known on that day. Shaded: the official recessions.",
            Recorded(sql.RECESSION, series=True),
            unit="percentunit",
            span=WIDE,
        ),
        bands("Phases, as called", "The label of each month end's call.", Recorded(sql.PHASES)),
        bands("Phases, as declared", "From the day of each declaration on.", Recorded(sql.DECLARED_PHASES)),
        lines(
            "Probabilities of the regimes, as called",
            "They add up to one.",
            Recorded(sql.PROBABILITIES, series=True),
            unit="percentunit",
        ),
        lines(
            "Probabilities of the phases, as called",
            "That the newest month belongs to a spell of each phase, turns close by taken into account.",
            Recorded(sql.PHASE_PROBABILITIES, series=True),
            unit="percentunit",
        ),
        bands(
            "Phases, in hindsight",
            "Of each month as the newest panel and model see it now: what an as-of reading must not be confused with.",
            Recorded(sql.HINDSIGHT),
        ),
    ]


def _turns() -> list:
    return [
        rows("Transitions", "From one month end's label to the next one's.", Recorded(sql.TRANSITIONS), span=THIRD),
        columns("Durations", "Unbroken months in a phase, on average.", Recorded(sql.DURATIONS), "phase", span=THIRD),
        columns(
            "Durations expected",
            "Months that the newest model expects a regime to last.",
            Recorded(sql.EXPECTED_DURATIONS),
            "regime",
            span=THIRD,
        ),
        rows("Turns called", "The newest changes of the label.", Recorded(sql.CALLED), span=HALF),
        rows(
            "Declarations",
            "Phase, day, the turning point that each is about, and how long after it; newest first.",
            Recorded(sql.DECLARATIONS),
        ),
    ]


def _decisions() -> list:
    return [
        rows("Decisions", "Who let which model serve or not, and why; newest first.", Recorded(sql.DECISIONS), WIDE),
        rows("Deployments", "What was taken into service, newest first.", Recorded(sql.SERVED)),
        lines(
            "New models",
            "How many of the last twelve month ends had a model of their own.",
            Recorded(sql.MODELS, series=True),
        ),
    ]


def _text(title: str, says: str, query: str) -> object:
    """A word in place of a number."""
    panel = number(title, says, Recorded(query), unit="string", span=QUARTER)
    return panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/").values(True))
