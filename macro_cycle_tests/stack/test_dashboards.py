"""Grafana's dashboards, asked of the stack that runs: its metrics bear the labels, its record fills the panels."""

import json
import re

import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from macro_cycle.platform.settings import read_settings
from macro_cycle.stack.postgres import database_url
from macro_cycle_tests.ops.test_grafana import GRAFANA, METRICS, recorded
from macro_cycle_tests.patience import wait_until

pytestmark = pytest.mark.slow

NOT_ON_A_FRESH_STACK = {
    "hmm_drift",  # needs checks of some months
    "hmm_drift_p_value",
    "macro_cycle_failed_months",
    "macro_cycle_series_late_seconds",
    "macro_cycle_dagster_backfills",
    "macro_cycle_dagster_progress_ratio",
    "macro_cycle_dagster_tick_age_seconds",  # of the first tick on
    "macro_cycle_dagster_tick_failing",
    "up",  # Prometheus' own
}
OF_ONE_MONTH_END = {"Transitions", "Turns called", "Declarations", "Phases, as declared"}
NEWS = {"News of the newest month", "News by kind"}


def test_the_metrics_bear_the_labels_that_the_dashboards_use(stack, first_run):
    stack.predict()
    wait_until(lambda: set(METRICS) - set(labels_exported(stack)) <= NOT_ON_A_FRESH_STACK)
    exported = labels_exported(stack)
    assert {name: set(labels) for name, labels in METRICS.items() if name in exported} == {
        name: labels for name, labels in exported.items() if name in METRICS
    }


def labels_exported(stack) -> dict[str, set[str]]:
    """The labels of each metric that the exporter shows at the moment: none of a collector that is late."""
    exported: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(stack.metrics()):
        for sample in family.samples:
            exported.setdefault(sample.name, set()).update(sample.labels)
    return exported


@pytest.mark.parametrize("cycle", ["us", "br"])
def test_a_first_run_fills_every_panel_that_one_month_end_can_fill(stack, first_run, cycle):
    dashboard = json.loads((GRAFANA / "dashboards" / "regime_analysis.json").read_text())
    engine = create_engine(database_url(read_settings(home=stack.home)))
    empty = set()
    with engine.connect() as connection:
        for title, target in recorded(dashboard):
            query = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 > '1900-01-01'", target["rawSql"]).replace("$cycle", cycle)
            if pd.read_sql(text(query.replace(":", r"\:")), connection).empty:
                empty.add(title)
    engine.dispose()
    assert empty <= OF_ONE_MONTH_END | NEWS
