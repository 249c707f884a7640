"""Panels and queries in the few shapes that both dashboards use."""

from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import (
    barchart,
    bargauge,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
    trend,
)
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${prometheus}")
WAREHOUSE = DataSourceRef(type_val="grafana-postgresql-datasource", uid="${warehouse}")
WIDE, HALF, THIRD, QUARTER = 24, 12, 8, 6
GREEN, AMBER, RED = "green", "orange", "red"


def measured(expression: str, legend: str = "", ref: str = "A", now: bool = False) -> prometheus.Dataquery:
    """A query of Prometheus: over the time shown, or for its end alone."""
    query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref).datasource(PROMETHEUS)
    return query.instant() if now else query.range()


@dataclass(frozen=True)
class Recorded(Dataquery):
    """A query of the warehouse; its own builder. `series` are named by a text column, else rows stay rows."""

    sql: str
    series: bool = False
    ref: str = "A"

    def build(self) -> "Recorded":
        """Nothing is left to build."""
        return self

    def to_json(self) -> dict[str, Any]:
        """The query as Grafana's PostgreSQL data source takes it."""
        return {
            "refId": self.ref,
            "datasource": WAREHOUSE,
            "editorMode": "code",
            "format": "time_series" if self.series else "table",
            "rawQuery": True,
            "rawSql": self.sql,
        }


def lines(title: str, says: str, *queries: Any, unit: str = "short", span: int = HALF) -> timeseries.Panel:
    """Lines over time."""
    panel = timeseries.Panel().title(title).description(says).unit(unit).height(8).span(span)
    panel = panel.line_width(2).fill_opacity(8)
    for query in queries:
        panel = panel.with_target(query)
    return panel


def number(
    title: str, says: str, query: Any, unit: str = "short", span: int = QUARTER, steps: Any = None, decimals: int = 0
) -> stat.Panel:
    """The newest value, coloured by `steps` if there are any."""
    panel = stat.Panel().title(title).description(says).unit(unit).decimals(decimals).height(4).span(span)
    return panel.thresholds(steps or thresholds((None, "text"))).with_target(query)


def bars(title: str, says: str, query: Any, unit: str = "short", span: int = HALF) -> bargauge.Panel:
    """A bar for each series, of its newest value."""
    panel = bargauge.Panel().title(title).description(says).unit(unit).min(0).height(8).span(span)
    return panel.thresholds(thresholds((None, "blue"))).with_target(query)


def columns(title: str, says: str, query: Any, category: str, unit: str = "short", span: int = HALF) -> barchart.Panel:
    """A bar for each row, named by the column `category`."""
    panel = barchart.Panel().title(title).description(says).unit(unit).height(8).span(span)
    return panel.x_field(category).with_target(query)


def ahead(title: str, says: str, query: Any, steps: str, unit: str = "short", span: int = HALF) -> trend.Panel:
    """Lines over the numbers in the column `steps`, such as months to come."""
    panel = trend.Panel().title(title).description(says).unit(unit).height(8).span(span)
    return panel.line_width(2).x_field(steps).with_target(query)


def bands(title: str, says: str, query: Any, span: int = WIDE) -> statetimeline.Panel:
    """States over time, as coloured bands."""
    panel = statetimeline.Panel().title(title).description(says).height(5).span(span)
    return panel.merge_values(True).with_target(query)


def rows(title: str, says: str, query: Any, span: int = HALF) -> table.Panel:
    """Rows as they come."""
    return table.Panel().title(title).description(says).height(8).span(span).with_target(query)


def thresholds(*steps: tuple[float | None, str]) -> ThresholdsConfig:
    """Colours from the values at which they begin; the first begins nowhere."""
    made = [Threshold(value=value, color=color) for value, color in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)
