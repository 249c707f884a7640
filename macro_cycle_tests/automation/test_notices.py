"""What happens is found and told once: a regime change, a refusal, stale data, a failed deployment, a failed run."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from macro_cycle.automation.notices import Seen, find
from macro_cycle.automation.sensors import notifications
from macro_cycle.cycles.naming import FETCHED_TAG
from macro_cycle.records import Answer
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import materialize
from macro_cycle_tests.monitoring.receivers import SECRET, webhook

MONTH = Platform.from_environment().clock.open_month()
START = Seen(datetime(2020, 1, 1, tzinfo=UTC).isoformat())
BEFORE = {"Expansion": 0.9, "Peak": 0.1, "Contraction": 0.0, "Trough": 0.0}


def call(label: str = "Expansion") -> Answer:
    return Answer(
        cycle="us",
        as_of=date(2026, 11, 30),
        version="data",
        made_by="test",
        reference_month=date(2026, 10, 1),
        label=label,
        recession_probability=0.1,
        probabilities=BEFORE,
        model_version="model",
        panel_version="panel",
        newest={},
        news=True,
    )


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def kinds(instance, seen=START, answer=None):
    return [notice.kind for notice in find(instance, "us", "sample", MONTH, answer, seen)[0]]


def test_nothing_is_told_of_a_quiet_platform(instance):
    assert kinds(instance, answer=call()) == []


def test_a_regime_change_is_told_when_the_label_differs_from_the_one_seen(instance):
    _, seen = find(instance, "us", "sample", MONTH, call("Expansion"), START)
    assert kinds(instance, seen, call("Expansion")) == []
    (change,), seen = find(instance, "us", "sample", MONTH, call("Contraction"), seen)
    assert "from Expansion to Contraction as of 2026-11" in change.text
    assert kinds(instance, seen, call("Contraction")) == []


def test_a_refusal_is_the_same_notice_until_another_model_is_refused(instance):
    def judged(verdict: str, challenger: str) -> list[str]:
        metadata = {"verdict": verdict, "model_version": challenger, "reasons": "it disagrees with the champion"}
        instance.report_runless_asset_event(
            dg.AssetMaterialization(["us", "champion"], partition=MONTH, metadata=metadata)
        )
        return [notice.key for notice in find(instance, "us", "sample", MONTH, None, START)[0]]

    first, again = judged("refuse", "version 2"), judged("refuse", "version 2")
    assert first == again != judged("refuse", "version 3")
    assert judged("promote", "version 4") == []


def test_a_source_that_was_not_asked_for_longer_than_a_day_is_told(instance, monkeypatch):
    assert kinds(instance) == []
    for source in ("sample", "other"):
        fetch = dg.JobDefinition(graph_def=dg.GraphDefinition("fetch"))
        instance.create_run_for_job(fetch, tags={FETCHED_TAG: source})
    assert kinds(instance) == []
    monkeypatch.setattr("macro_cycle.automation.notices.LOOKED_AT", timedelta(0))
    assert kinds(instance) == ["stale_data"]


@pytest.mark.slow
def test_failures_are_told_once_each_through_the_sensor(platform, instance, monkeypatch):
    with webhook() as receiver:
        monkeypatch.setenv("MACRO_CYCLE_NOTIFICATIONS__WEBHOOK_URL", receiver.url)
        cursor = tick(instance, None).cursor
        for _ in range(2):
            materialize(instance, ["kserve_deployment"], MONTH, succeeds=False)
            materialize(instance, ["macro_features"], "2008-09-01", succeeds=False)
            cursor = tick(instance, cursor).cursor
        (text,) = receiver.texts
    assert "the deployment failed and what served before still does" in text
    assert "2008-09: macro_features failed" in text
    assert SECRET not in cursor


def test_nobody_is_told_of_a_rehearsal(platform, instance, monkeypatch, tmp_path):
    with webhook() as receiver:
        monkeypatch.setenv("MACRO_CYCLE_NOTIFICATIONS__WEBHOOK_URL", receiver.url)
        monkeypatch.setenv("MACRO_CYCLE_TODAY_FILE", str(tmp_path / "today"))
        assert isinstance(tick(instance, None), dg.SkipReason)


def tick(instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        return notifications(Platform.from_environment())(context)
