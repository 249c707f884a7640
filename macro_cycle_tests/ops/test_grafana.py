"""The dashboards are what the script writes, fit Grafana's schema, and every query of theirs returns data."""

import ast
import itertools
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
import yaml
from sqlalchemy import Connection, create_engine, text

from macro_cycle.cycles import shipped
from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.conftest import create_database
from macro_cycle_tests.ops.prometheus import Prometheus, prometheus_of
from macro_cycle_tests.ops.recorded import fill

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / ".ops" / ".grafana"
SCHEMA = ROOT.parent / "shared" / "data" / "grafana_dashboard.schema.json"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
METRICS = runpy.run_path(str(GRAFANA / "metrics.py"))["LABELS"]
MODEL = "macro-cycle-hmm"
CYCLES = ("us", "br")
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
    values |= {"cycle": CYCLES, "series_id": ["INDPRO"], "service": ["mlflow"], "status": ["success"]}
    values |= {"protocol": ["v1"], "outcome": ["answered"], "state": ["failed", "materialized"]}
    values |= {"asset": [f"{cycle}/macro_features" for cycle in CYCLES], "collector": ["disk", "br/answer"]}
    values |= {"instigator": ["us_releases"], "daemon": ["sensor"], "schema": ["warehouse"]}
    values |= {"statistic": ["surprise"], "le": ["0.001", "0.01", "+Inf"]}
    values |= {"end": ["low", "high"], "months": ["3", "6", "12"], "phase": ["contraction", "expansion"]}
    lines = []
    for name, labels in METRICS.items():
        for number, combination in enumerate(itertools.product(*(values[label] for label in labels)), start=1):
            pairs = ",".join(f'{label}="{value}"' for label, value in zip(labels, combination, strict=True))
            lines.append(f"{name}{{{pairs}}} {scrape * number}" if pairs else f"{name} {scrape * number}")
    return "\n".join(lines) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("cycle", [*CYCLES, "(br|us)"])
def test_every_query_of_prometheus_returns_data(prometheus, dashboard, cycle):
    asked = [(title, target["expr"]) for title, target in targets(dashboard) if "expr" in target]
    for title, expression in asked:
        for name, value in {"$__rate_interval": "1m", "$model": MODEL, "$cycle": cycle}.items():
            expression = expression.replace(name, value)
        assert "$" not in expression, title
        found = prometheus.wait_for(expression)
        assert all(series["value"][1] not in ("NaN", "+Inf") for series in found), f"{title}: {expression}"


@pytest.mark.slow
def test_a_cycle_alone_is_shown_when_it_is_chosen(prometheus):
    dashboard = json.loads((GRAFANA / "dashboards" / "model_monitoring.json").read_text())
    by_cycle = [target["expr"] for _, target in targets(dashboard) if "by (cycle)" in target["expr"]]
    assert len(by_cycle) >= 8
    for expression in by_cycle:
        found = prometheus.wait_for(expression.replace("$cycle", "br"))
        assert [series["metric"]["cycle"] for series in found] == ["br"]


@pytest.fixture(scope="module")
def warehouse(postgres_url: str) -> Iterator[Connection]:
    """What Grafana's role may read of a warehouse with thirty years of two cycles."""
    url = create_database(postgres_url)
    with create_engine(url).begin() as connection:
        for statement in what_a_new_database_is_told():
            connection.execute(text(statement))
    store = Warehouse(url)
    store.migrate()
    for cycle in CYCLES:
        fill(store, cycle)
    with store.engine.connect() as connection:
        connection.execute(text("SET ROLE grafana_reader"))
        yield connection


def what_a_new_database_is_told() -> list[str]:
    """The statements about Grafana's role that `postgres-roles.sh` runs in the platform's database."""
    script = (ROOT / ".ops" / ".docker" / "postgres-roles.sh").read_text()
    inside = re.search(r"SET ROLE macro_cycle;\n(.*?)\nSQL", script, re.DOTALL)
    return ["CREATE ROLE grafana_reader", *inside[1].splitlines()]  # type: ignore[index]


def asked_of(warehouse: Connection, query: str, cycle: str) -> pd.DataFrame:
    """What Grafana gets for a query about a cycle, over all time."""
    query = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN '1970-01-01' AND '2030-01-01'", query)
    query = query.replace("$cycle", cycle)
    assert "$" not in query
    return pd.read_sql(text(query.replace(":", r"\:")), warehouse)


def recorded(dashboard: Document) -> list[tuple[str, Document]]:
    return [(title, target) for title, target in targets(dashboard) if "rawSql" in target]


@pytest.mark.slow
@pytest.mark.parametrize("cycle", CYCLES)
def test_every_query_of_the_warehouse_returns_data(warehouse, dashboard, cycle):
    for title, target in recorded(dashboard):
        found = asked_of(warehouse, target["rawSql"], cycle)
        assert not found.empty, title
        assert not found.isna().all().any(), f"{title}: {found.head()}"
        if target["format"] == "time_series":
            assert found["time"].is_monotonic_increasing, title


@pytest.mark.slow
def test_the_choice_is_of_the_cycles_that_were_called(warehouse):
    (dashboard,) = (json.loads(file.read_text()) for file in FILES if file.stem == "regime_analysis")
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    assert list(pd.read_sql(text(variables["cycle"]["query"]), warehouse)["cycle"]) == ["us", "br"]
    everything = [(title, target["rawSql"]) for title, target in recorded(dashboard)]
    assert [title for title, query in everything if not asked_of(warehouse, query, "xx").empty] == []


@pytest.mark.slow
def test_the_panels_say_what_the_records_say(warehouse):
    (dashboard,) = (json.loads(file.read_text()) for file in FILES if file.stem == "regime_analysis")
    shown = {title: asked_of(warehouse, target["rawSql"], "us") for title, target in recorded(dashboard)}
    assert shown["Band"].iloc[0, 0] == "5.0 % to 20.0 %"
    assert [shown[title].iloc[0, 0] for title in ("Declared phase", "Declared on", "Turning point")] == [
        "expansion",
        "2009-09-30",
        "trough 2009-06",
    ]
    assert list(shown["Forecast"]["Recession probability"]) == [month / 20 for month in range(1, 13)]
    assert list(shown["A recession begins"]["Probability"]) == [0.15, 0.3, 0.6]
    assert list(shown["Months expected"]["Months"]) == [30, 33]
    assert list(shown["Declarations"]["About"]) == ["2009-06", "2007-12"]
    assert list(shown["Durations expected"]["Months expected"]) == [11.5, 63]
    assert list(shown["Decisions"].iloc[0])[:4] == [
        "2020-01-02 09:30",
        "person",
        "promote",
        "it explains the last year better",
    ]
    assert list(shown["News of the newest month"]["source"]) == ["INDPRO", "roll"]


@pytest.mark.slow
def test_each_cycle_is_shaded_by_its_own_authority(warehouse):
    (dashboard,) = (json.loads(file.read_text()) for file in FILES if file.stem == "regime_analysis")
    query = dict(recorded(dashboard))["Official recessions"]["rawSql"]
    for cycle in CYCLES:
        chronology = shipped(cycle).chronology
        found = asked_of(warehouse, query, cycle)
        assert list(found["time"]) == [each.first_month for each in chronology.recessions]
        assert set(found["text"]) == {f"recession by {chronology.authority}"}
