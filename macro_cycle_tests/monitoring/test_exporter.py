"""What the exporter shows is what is there at that moment; where it cannot look it says so and shows nothing."""

import json
import threading
from datetime import date, timedelta

import dagster as dg
import pandas as pd
import pytest
from prometheus_client import CollectorRegistry, start_http_server
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from macro_cycle.cycles.naming import FETCHED_TAG
from macro_cycle.monitoring.collectors.collector import gauge
from macro_cycle.monitoring.collectors.drift import DriftCollector
from macro_cycle.monitoring.collectors.orchestration import FetchCollector, RunCollector
from macro_cycle.monitoring.collectors.partitions import PartitionCollector, ProgressCollector
from macro_cycle.monitoring.collectors.record import AnswerCollector, FailureCollector, SeriesCollector
from macro_cycle.monitoring.collectors.services import ServiceCollector, answers
from macro_cycle.monitoring.collectors.serving import ServingCollector
from macro_cycle.monitoring.collectors.storage import DatabaseCollector
from macro_cycle.monitoring.exporter import Exporter
from macro_cycle.monitoring.metrics import ServingMetrics, counts_file
from macro_cycle.monitoring.wiring import InstanceOnDemand
from macro_cycle.observations import Catalog
from macro_cycle.records import Answer, Decision, Deployment, RecordStore
from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.patience import PATIENCE

NOW = pd.Timestamp("2026-11-28 12:00")
MONTHS = dg.StaticPartitionsDefinition(["2026-09-01", "2026-10-01", "2026-11-01"])


def shown(collector) -> dict[tuple, float]:
    families = collector.collect() if isinstance(collector, Exporter) else collector.metrics()
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


class Scripted:
    """A collector that does what the test has set."""

    name = "scripted"

    def __init__(self) -> None:
        self.value, self.fails, self.released = 1.0, False, threading.Event()
        self.released.set()

    def metrics(self):
        self.released.wait(PATIENCE)
        if self.fails:
            raise RuntimeError("postgresql://user:s3cr3t@host/ is gone")
        yield gauge("seen", "What is there", self.value)


class Steady:
    name = "steady"

    def metrics(self):
        yield gauge("steady", "Always there", 1)


def test_each_scrape_shows_what_is_there_then():
    scripted = Scripted()
    exporter = Exporter([scripted])
    assert shown(exporter)["seen",] == 1
    scripted.value = 2.0
    assert shown(exporter)["seen",] == 2


def test_a_collector_that_fails_hides_its_last_value_and_no_other(capsys):
    scripted = Scripted()
    exporter = Exporter([scripted, Steady()])
    shown(exporter)
    scripted.fails = True
    for _ in range(3):
        found = shown(exporter)
        assert ("seen",) not in found
        assert found["macro_cycle_collector_up", "scripted"] == 0
        assert found["steady",] == found["macro_cycle_collector_up", "steady"] == 1
    scripted.fails = False
    assert shown(exporter)["seen",] == 1
    assert capsys.readouterr().out == "collector scripted: RuntimeError\n"


def test_a_collector_that_hangs_holds_up_no_scrape_and_is_not_asked_twice():
    scripted = Scripted()
    exporter = Exporter([scripted, Steady()], budget=2.0)
    scripted.released.clear()
    before = threading.active_count()
    for _ in range(3):
        found = shown(exporter)
        assert found["macro_cycle_collector_up", "scripted"] == 0
        assert found["steady",] == 1
    assert threading.active_count() <= before + 2
    scripted.released.set()
    exporter._asked["scripted"].result(PATIENCE)
    scripted.value = 5.0
    assert shown(exporter)["seen",] == 5


def test_a_server_that_stopped_leaves_its_counts_and_no_model(tmp_path):
    metrics = ServingMetrics({"m": "us"}, tmp_path)
    metrics.describe_model("m", {"aic": 3.0}, {"Expansion": 1.0}, 10)
    metrics.observe_request("m", "v1", "failed", 0.01)
    registry, port = CollectorRegistry(), free_port()
    registry.register(metrics)
    collector = ServingCollector(f"http://127.0.0.1:{port}/metrics", counts_file(tmp_path))
    server, thread = start_http_server(port, "127.0.0.1", registry)
    up = shown(collector)
    own = {(s.name, *s.labels.values()): s.value for family in metrics.collect() for s in family.samples}
    assert {(name, *sorted(labels)): value for (name, *labels), value in up.items()} == {
        (name, *sorted(labels)): value for (name, *labels), value in own.items()
    }
    server.shutdown()
    server.server_close()
    thread.join()
    down = shown(collector)
    assert down["macro_cycle_requests_total", "us", "m", "v1", "failed"] == 1
    assert not any(name.startswith(("hmm_model", "hmm_regime", "hmm_feature")) for name, *_ in down)


def test_services_answer_or_do_not():
    def hangs() -> bool:
        raise TimeoutError

    checks = {"nobody": answers(f"http://127.0.0.1:{free_port()}/"), "broken": hangs, "fine": lambda: True}
    assert shown(ServiceCollector(checks)) == {
        ("macro_cycle_service_up", "nobody"): 0,
        ("macro_cycle_service_up", "broken"): 0,
        ("macro_cycle_service_up", "fine"): 1,
    }


def test_a_service_that_says_nothing_is_down_and_hides_no_other():
    asked, released = [], threading.Event()

    def says_nothing() -> bool:
        asked.append(1)
        return released.wait(PATIENCE)

    collector = ServiceCollector({"silent": says_nothing, "fine": lambda: True}, seconds=0.1)
    for _ in range(3):
        assert shown(collector) == {("macro_cycle_service_up", "silent"): 0, ("macro_cycle_service_up", "fine"): 1}
    assert len(asked) == 1
    released.set()
    collector._asked["silent"].result(PATIENCE)
    assert shown(collector)["macro_cycle_service_up", "silent"] == 1


def test_dagster_s_storage_is_not_waited_for_while_the_database_is_away(monkeypatch):
    monkeypatch.setattr(dg.DagsterInstance, "get", lambda: pytest.fail("it was asked"))
    away = create_engine(f"postgresql+psycopg2://nobody@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(OperationalError):
        InstanceOnDemand(away)()


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    found = Warehouse(database_url)
    found.migrate()
    return found


def answer(probabilities: dict[str, float], model: str = "m1") -> Answer:
    return Answer(
        cycle="us",
        as_of=date(2026, 11, 30),
        version=f"{model} {sorted(probabilities)}",
        made_by="1",
        reference_month=date(2026, 10, 1),
        label=max(probabilities, key=lambda regime: probabilities[regime]),
        recession_probability=0.1,
        probabilities=probabilities,
        model_version=model,
        panel_version="p",
        newest={},
        news=True,
    )


def deployment(model: str) -> Deployment:
    known = {"cycle": "us", "as_of": date(2026, 11, 30), "version": model, "made_by": "1", "model_version": model}
    return Deployment(**known, deployed_at=(NOW - timedelta(hours=1)).tz_localize("UTC"))


def decision(model: str, outcome: str, by: str = "gate") -> Decision:
    known = {"cycle": "us", "as_of": date(2026, 11, 30), "version": f"{outcome} {model} {by}", "made_by": "1"}
    return Decision(**known, model_version=model, outcome=outcome, by=by, reason="r", decided_at=NOW.tz_localize("UTC"))


def test_before_the_first_answer_there_is_none(warehouse):
    assert shown(AnswerCollector(warehouse.engine, "us", lambda: NOW)) == {}


def test_the_newest_answer_shows_and_a_regime_it_lacks_vanishes(warehouse):
    collector, records = AnswerCollector(warehouse.engine, "us", lambda: NOW), RecordStore(warehouse.engine, "us")
    records.append("regime_labels", [answer({"Expansion": 0.9, "Trough": 0.1})])
    assert shown(collector)["macro_cycle_regime_probability", "us", "Trough"] == 0.1
    records.append("regime_labels", [answer({"Expansion": 0.8, "Peak": 0.2})])
    found = shown(collector)
    assert {key[2]: value for key, value in found.items() if key[0] == "macro_cycle_regime_probability"} == {
        "Expansion": 0.8,
        "Peak": 0.2,
    }
    assert found["macro_cycle_reference_month_age_seconds", "us"] == 27.5 * 86400


def test_the_answer_of_another_cycle_is_not_shown(warehouse):
    RecordStore(warehouse.engine, "us").append("regime_labels", [answer({"Expansion": 1.0})])
    assert shown(AnswerCollector(warehouse.engine, "br", lambda: NOW)) == {}


def test_an_age_follows_the_clock_wherever_it_jumps(warehouse):
    RecordStore(warehouse.engine, "us").append("regime_labels", [answer({"Expansion": 1.0})])
    moment = [NOW]
    collector = AnswerCollector(warehouse.engine, "us", lambda: moment[0])
    first = shown(collector)["macro_cycle_answer_age_seconds", "us"]
    moment[0] += timedelta(days=400)
    assert shown(collector)["macro_cycle_answer_age_seconds", "us"] == first + 400 * 86400
    moment[0] -= timedelta(days=800)
    assert shown(collector)["macro_cycle_answer_age_seconds", "us"] == first - 400 * 86400


def test_a_newest_model_that_does_not_serve_is_seen(warehouse):
    collector, records = AnswerCollector(warehouse.engine, "us", lambda: NOW), RecordStore(warehouse.engine, "us")
    records.append("regime_labels", [answer({"Expansion": 1.0}, "m1")])
    assert shown(collector)["macro_cycle_served_matches_answer", "us"] == 0
    records.append("kserve_deployment", [deployment("m1")])
    found = shown(collector)
    assert found["macro_cycle_served_matches_answer", "us"] == 1
    assert found["macro_cycle_served_age_seconds", "us"] == 3600
    records.append("regime_labels", [answer({"Expansion": 1.0}, "m2")])
    assert shown(collector)["macro_cycle_served_matches_answer", "us"] == 0


def test_a_refusal_and_a_decision_that_is_wanted_are_seen_until_a_person_decides(warehouse):
    collector, records = AnswerCollector(warehouse.engine, "us", lambda: NOW), RecordStore(warehouse.engine, "us")
    records.append("regime_labels", [answer({"Expansion": 1.0}, "m1")])
    seen = []
    for outcome, by in ((None, ""), ("wait", "gate"), ("refuse", "person"), ("promote", "person")):
        if outcome is not None:
            records.append("champion", [decision("m1", outcome, by)])
        found = shown(collector)
        seen.append((found["macro_cycle_decision_pending", "us"], found["macro_cycle_promotion_refused", "us"]))
    assert seen == [(0, 0), (1, 0), (0, 1), (0, 0)]


def test_a_month_that_could_not_be_made_is_counted_until_it_is(warehouse):
    collector, records = FailureCollector(warehouse.engine, "us"), RecordStore(warehouse.engine, "us")
    records.fail("regime_labels", "2026-10-01", "no data")
    records.fail("regime_labels", "2026-11-01", "no data")
    assert shown(collector) == {("macro_cycle_failed_months", "us", "regime_labels"): 2}
    records.append("regime_labels", [answer({"Expansion": 1.0})])
    assert shown(collector) == {("macro_cycle_failed_months", "us", "regime_labels"): 1}


def test_a_late_series_is_one_whose_day_and_grace_are_over(warehouse):
    catalog = Catalog.load()
    lag = catalog.spec("INDPRO").publication_lag_days
    days = pd.date_range("2026-01-01", "2026-06-01", freq="MS")
    released = days + pd.offsets.MonthEnd(0) + timedelta(days=lag)
    rows = {"series_id": "INDPRO", "date": days, "value": 100.0, "realtime_start": released, "estimated": False}
    warehouse.ingest(pd.DataFrame(rows), source="test", loaded_at=pd.Timestamp("2026-08-01", tz="UTC"))
    due = pd.Timestamp("2026-07-31") + timedelta(days=lag)
    moment = [due + timedelta(days=10)]
    collector = SeriesCollector(warehouse.engine, "us", catalog, ["INDPRO", "UNRATE"], lambda: moment[0])
    found = shown(collector)
    assert found["macro_cycle_series_age_seconds", "us", "INDPRO"] == (moment[0] - released[-1]).total_seconds()
    assert ("macro_cycle_series_late_seconds", "us", "INDPRO") not in found
    moment[0] += timedelta(days=2, hours=6)
    assert shown(collector)["macro_cycle_series_late_seconds", "us", "INDPRO"] == 86400 + 6 * 3600
    assert found["macro_cycle_series_wanted", "us"] == 2


def test_the_database_has_a_size_for_each_tenant(warehouse):
    found = shown(DatabaseCollector(warehouse.engine, ("warehouse", "dagster")))
    assert found["macro_cycle_database_size_bytes", "warehouse"] > 0


@dg.asset(key_prefix="us", partitions_def=MONTHS)
def fred_series(context: dg.AssetExecutionContext) -> None:
    if context.partition_key == "2026-10-01":
        raise RuntimeError("no data")


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(instance: dg.DagsterInstance, month: str) -> None:
    dg.materialize([fred_series], instance=instance, partition_key=month, raise_on_error=False)


def states(collector) -> dict[str, float]:
    return {key[2]: value for key, value in shown(collector).items()}


def test_months_are_made_failed_or_missing(instance):
    collector = PartitionCollector(lambda: instance, "us", MONTHS.get_partition_keys)
    assert shown(collector) == {}
    run(instance, "2026-09-01")
    assert states(collector) == {"materialized": 1, "failed": 0, "in_progress": 0, "missing": 2}
    run(instance, "2026-10-01")
    assert states(collector) == {"materialized": 1, "failed": 1, "in_progress": 0, "missing": 1}
    run(instance, "2026-11-01")
    assert states(collector) == {"materialized": 2, "failed": 1, "in_progress": 0, "missing": 0}


def test_a_month_that_opens_is_missing(instance):
    run(instance, "2026-09-01")
    months = ["2026-09-01"]
    collector = PartitionCollector(lambda: instance, "us", lambda: months)
    assert states(collector)["missing"] == 0
    months.append("2026-10-01")
    assert states(collector)["missing"] == 1


def test_runs_are_counted_by_status_and_the_fetch_has_an_age(instance):
    fetch = FetchCollector(lambda: instance, "us", "sample")
    assert shown(fetch) == {}
    run(instance, "2026-09-01")
    run(instance, "2026-10-01")
    found = shown(RunCollector(lambda: instance))
    assert (found["macro_cycle_dagster_runs", "success"], found["macro_cycle_dagster_runs", "failure"]) == (1, 1)
    assert found["macro_cycle_dagster_queue_length",] == found["macro_cycle_dagster_queue_age_seconds",] == 0
    assert shown(fetch) == {}
    asked = instance.get_runs(limit=1)[0].run_id
    instance.add_run_tags(asked, {FETCHED_TAG: "sample"})
    assert 0 <= shown(fetch)["macro_cycle_fetch_age_seconds", "us"] < 600
    assert shown(ProgressCollector(lambda: instance)) == {}


@dg.asset(key_prefix="us", partitions_def=MONTHS)
def regime_labels() -> None: ...


@dg.asset_check(asset=regime_labels)
def not_surprised(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    value = float(context.op_execution_context.partition_key[5:7])
    metadata = {"surprise": value, "p_surprise": value / 100, "alarm_below": 0.01}
    return dg.AssetCheckResult(passed=True, metadata=metadata)


def test_drift_is_the_open_month_s_even_after_a_run_of_an_older_one(instance):
    collector = DriftCollector(lambda: instance, "us", "m", lambda: "2026-11-01")
    assets = [regime_labels, not_surprised]
    dg.materialize(assets, instance=instance, partition_key="2026-10-01")
    assert shown(collector) == {}
    for month in ("2026-11-01", "2026-09-01"):
        dg.materialize(assets, instance=instance, partition_key=month)
    expected = {("hmm_drift", "us", "m", "surprise"): 11, ("hmm_drift_p_value", "us", "m", "surprise"): 0.11}
    assert shown(collector) == expected


def test_the_counts_file_is_small(tmp_path):
    metrics = ServingMetrics({"m": "us"}, tmp_path)
    assert metrics.write()
    assert counts_file(tmp_path).stat().st_size < 5000
    assert json.loads(counts_file(tmp_path).read_text())
