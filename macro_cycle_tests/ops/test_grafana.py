"""The dashboards are what the script writes, fit Grafana's schema, and every query of theirs returns data."""

import ast
import itertools
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
import yaml
from sqlalchemy import Engine, create_engine, text

from macro_cycle_tests.ops.prometheus import Prometheus, prometheus_of

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / ".ops" / ".grafana"
SCHEMA = ROOT.parent / "shared" / "data" / "grafana_dashboard.schema.json"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
METRICS = runpy.run_path(str(GRAFANA / "metrics.py"))["LABELS"]
MODEL = "macro-cycle-hmm"
NAME = re.compile(r"\b(?:hmm|macro_cycle)_\w+")

Document = dict[str, Any]


def panels(dashboard: Document) -> list[Document]:
    """Every panel that shows something, rows opened."""
    inside = [child for panel in dashboard["panels"] for child in panel.get("panels", ())]
    return [panel for panel in (*dashboard["panels"], *inside) if panel["type"] != "row"]


def targets(dashboard: Document) -> list[tuple[str, Document]]:
    """Each query with the title of its panel, the annotations' included."""
    asked = [(panel["title"], target) for panel in panels(dashboard) for target in panel["targets"]]
    notes = dashboard.get("annotations", {}).get("list", ())
    return asked + [(note["name"], note["target"]) for note in notes if "target" in note]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def dashboard(request: pytest.FixtureRequest) -> Document:
    return json.loads(request.param.read_text())


def test_both_dashboards_are_there():
    assert [json.loads(file.read_text())["title"] for file in FILES] == ["Model Monitoring", "Regime Analysis"]


def test_the_files_are_what_the_script_writes(tmp_path):
    subprocess.run([sys.executable, str(GRAFANA / "generate.py"), str(tmp_path)], check=True, cwd=ROOT)
    assert {f.name: f.read_text() for f in tmp_path.iterdir()} == {f.name: f.read_text() for f in FILES}


def test_the_schema_is_met(dashboard):
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA} is not here: Grafana's dashboard schema")
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    assert [f"{error.json_path}: {error.message[:120]}" for error in validator.iter_errors(dashboard)] == []


def test_no_two_panels_are_alike_or_overlap(dashboard):
    shown = panels(dashboard)
    for what in (lambda p: p["title"], lambda p: json.dumps([t.get("expr") or t["rawSql"] for t in p["targets"]])):
        values = [what(panel) for panel in shown]
        assert len(values) == len(set(values))
    for one, other in itertools.combinations([panel["gridPos"] for panel in dashboard["panels"]], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in shown)
    assert all(panel["description"] for panel in shown)


def test_every_metric_that_a_dashboard_names_is_exported():
    named = {name for file in FILES for name in NAME.findall(file.read_text())}
    assert named - set(METRICS) == set()
    assert [name for name in METRICS if not is_exported(name)] == []


def is_exported(name: str) -> bool:
    """Whether a string of `macro_cycle.monitoring` is the metric's name, or gives it with a value put in."""
    base = re.sub("_(total|bucket)$", "", name)
    trees = (ast.parse(file.read_text()) for file in (ROOT / "macro_cycle" / "monitoring").rglob("*.py"))
    return any(pattern.fullmatch(base) for tree in trees for pattern in _strings(tree))


def _strings(tree: ast.AST) -> Iterator[re.Pattern[str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.compile(re.escape(node.value))
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            yield re.compile(
                "".join(re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in node.values)
            )


def test_provisioning_names_what_the_dashboards_ask_for():
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "datasources.yaml").read_text())
    types = {source["type"] for source in sources["datasources"]}
    wanted = {target["datasource"]["type"] for file in FILES for _, target in targets(json.loads(file.read_text()))}
    assert wanted == types
    assert "password" not in json.dumps([source.get("jsonData") for source in sources["datasources"]])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped every metric at least twice, counters growing."""
    counted = itertools.count(1)
    with prometheus_of(lambda: exposition(next(counted)), tmp_path_factory.mktemp("prometheus")) as running:
        running.wait_for("rate(hmm_predictions_total[1m]) > 0")
        yield running


def exposition(scrape: int) -> str:
    """Every metric of the list with values for its labels; counters and buckets grow from scrape to scrape."""
    values = {"model_name": [MODEL], "regime": ["Expansion", "Contraction"], "error_type": ["invalid"]}
    values |= {"cycle": ["us"], "series_id": ["INDPRO"], "service": ["mlflow"], "status": ["success"]}
    values |= {"protocol": ["v1"], "outcome": ["answered"], "asset": ["macro_features"], "state": ["failed"]}
    values |= {"instigator": ["releases"], "daemon": ["sensor"], "schema": ["warehouse"]}
    values |= {"statistic": ["surprise"], "le": ["0.001", "0.01", "+Inf"]}
    lines = []
    for name, labels in METRICS.items():
        for number, combination in enumerate(itertools.product(*(values[label] for label in labels)), start=1):
            pairs = ",".join(f'{label}="{value}"' for label, value in zip(labels, combination, strict=True))
            lines.append(f"{name}{{{pairs}}} {scrape * number}" if pairs else f"{name} {scrape * number}")
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_every_query_of_prometheus_returns_data(prometheus, dashboard):
    asked = [(title, target["expr"]) for title, target in targets(dashboard) if "expr" in target]
    for title, expression in asked:
        for name, value in {"$__rate_interval": "1m", "$__range": "1m", "$model": MODEL}.items():
            expression = expression.replace(name, value)
        assert "$" not in expression, title
        found = prometheus.query(expression)
        assert found, f"{title}: {expression}"
        assert all(series["value"][1] not in ("NaN", "+Inf") for series in found), f"{title}: {expression}"


@pytest.fixture(scope="module")
def warehouse(postgres_url: str) -> Engine:
    """A warehouse with thirty years of calls, news and deployments."""
    from macro_cycle.warehouse import Warehouse
    from macro_cycle.warehouse.tables import calls, news, regimes, served
    from macro_cycle_tests.conftest import create_database

    url = create_database(postgres_url)
    store = Warehouse(url)
    store.migrate()
    rows = [call(month) for month in pd.date_range("1990-01-31", periods=360, freq="ME")]
    part = {"kind": "data", "series_id": "INDPRO", "contribution": 0.1}
    moved = {"since": date(2019, 11, 30), "since_reference_month": date(2019, 9, 1), "standard_error": 0.0}
    moved |= {"before": 0.1, "forecast": 0.1, "after": 0.2, "parts": [part, {**part, "series_id": None}]}
    last = rows[-1]
    with store.engine.begin() as connection:
        connection.execute(calls.insert(), rows)
        seen = {"as_of": last["as_of"], "data_version": "d", "first_reference_month": date(1989, 11, 1)}
        seen |= {"columns": ["recession_probability"], "labels": [row["label"] for row in rows], "numbers": b""}
        connection.execute(regimes.insert(), seen)
        connection.execute(news.insert(), {**moved, "as_of": last["as_of"], "reference_month": last["reference_month"]})
        serving = {key: last[key] for key in ("as_of", "model_version", "label", "recession_probability")}
        connection.execute(served.insert(), {**serving, "registry_version": "1", "endpoint": "http://127.0.0.1"})
    return create_engine(store.engine.url)


def call(month_end: pd.Timestamp) -> dict[str, Any]:
    label = "Contraction" if month_end.year in (1990, 2001, 2008) else "Expansion"
    probability = 0.9 if label == "Contraction" else 0.1
    return {
        "as_of": month_end.date(),
        "reference_month": (month_end - pd.DateOffset(months=2)).replace(day=1).date(),
        "label": label,
        "recession_probability": probability,
        "probabilities": {"Contraction": probability, "Expansion": 1 - probability},
        "model_version": f"model of {month_end.year}",
        "data_version": str(month_end),
    }


@pytest.mark.slow
def test_every_query_of_the_warehouse_returns_data(warehouse, dashboard):
    for title, target in targets(dashboard):
        if "rawSql" not in target:
            continue
        query = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN '1970-01-01' AND '2030-01-01'", target["rawSql"])
        assert "$" not in query, title
        with warehouse.connect() as connection:
            found = pd.read_sql(text(query.replace(":", r"\:")), connection)
        assert not found.empty, title
        assert not found.isna().all().any(), f"{title}: {found.head()}"
        if target["format"] == "time_series":
            assert found["time"].is_monotonic_increasing, title
