"""The sensor holds rules against what is on record, keeps its state, and the command shows the same."""

import json
from datetime import date

import dagster as dg
import httpx
import pandas as pd
import pytest

from macro_cycle.automation.observed import Arrivals, arrivals
from macro_cycle.automation.sensors import alerts
from macro_cycle.monitoring.alerts.observed import Observed
from macro_cycle.monitoring.alerts.rules import SurpriseRule
from macro_cycle.records import Answer, Snapshot
from macro_cycle.resources.knowledge import came_since
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import with_the_sample
from macro_cycle_tests.automation.modelled import no_fits, with_a_model
from macro_cycle_tests.cli.conftest import told  # noqa: F401
from macro_cycle_tests.monitoring.mail_server import mail_server
from macro_cycle_tests.monitoring.receivers import alertmanager, webhook
from macro_cycle_tests.patience import PATIENCE

RULES = "alerts:\n  likely: {when: probability, above: 0.5, until_below: 0.3}\n"


def answer(probability: float) -> Answer:
    return Answer(
        cycle="us", as_of=date(2026, 11, 30), version=f"v{probability}", made_by="1",
        reference_month=date(2026, 10, 1), label="Expansion", recession_probability=probability,
        probabilities={"Expansion": 1 - probability, "Contraction": probability}, model_version="m1",
        panel_version="p1", newest={}, news=True,
    )  # fmt: skip


def snapshot(version: str) -> Snapshot:
    return Snapshot(
        cycle="us", as_of=date(2008, 9, 30), version=version, made_by="1", series=10, rows=1,
        newest_reference_date=date(2008, 8, 1), newest_release=date(2008, 9, 5),
    )  # fmt: skip


@pytest.fixture
def looked(platform, tmp_path, monkeypatch):
    """Look with a new sensor each time, as after a restart; the receiver's texts."""
    rules = tmp_path / "alerts.yaml"
    rules.write_text(RULES)
    monkeypatch.setenv("MACRO_CYCLE_ALERTS__PATH", str(rules))
    with webhook() as receiver, dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("MACRO_CYCLE_NOTIFICATIONS__WEBHOOK_URL", receiver.url)
        cursor = None

        def look(probability: float | None = None) -> list[str]:
            nonlocal cursor
            found = Platform.from_environment()
            if probability is not None:
                found.records.append("regime_labels", [answer(probability)])
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            result = alerts(found)(context)
            cursor = getattr(result, "cursor", None) or cursor
            return [*receiver.texts, (result.skip_reason.skip_message if isinstance(result, dg.SensorResult) else "")]

        look.rules = rules
        yield look


def test_an_alert_is_told_once_over_restarts_and_then_resolved(looked):
    assert looked() == ["0 alerts stand"]
    assert looked(0.9)[:-1] == ["[warning] likely: probability of recession 90.0% in 2026-10, as known in 2026-11"]
    assert len(looked(0.4)[:-1]) == 1
    assert looked(0.1)[-2].startswith("[resolved] likely: probability of recession 10.0%")


def test_a_surprise_is_measured_once_for_each_snapshot_by_the_model_on_record(platform, monkeypatch):
    with_the_sample(platform)
    day = pd.Timestamp("2008-09-06")
    monkeypatch.setattr(type(platform.clock), "today", lambda _clock: day)
    rules = {"jobs": SurpriseRule(when="surprise", series="UNRATE", beyond=1.0)}
    platform.records.append("fred_series", [snapshot("one")])
    with monkeypatch.context() as patch:
        no_fits(patch)
        nothing = arrivals(platform, rules, Arrivals())
    assert nothing.came == ()
    [line] = nothing.unmeasured
    assert line.endswith("no model before it is on record: run macro-cycle backfill --from 2008-08 --to 2008-08")
    with_a_model(platform, "2008-08-01")
    with monkeypatch.context() as patch:
        no_fits(patch)
        found = arrivals(platform, rules, nothing)
    assert found.unmeasured == ()
    came = [
        each for each in came_since(platform, pd.Timestamp("2008-08-31"), day) if each.release.series_id == "UNRATE"
    ]
    assert [(each.series_id, each.value, each.deviations) for each in found.came] == [
        (each.release.series_id, each.value, each.deviations) for each in came[-1:]
    ]
    finding = rules["jobs"].judge(Observed(platform.cycle, came=found.came))
    assert finding.fires == (abs(found.came[0].deviations) > 1.0)
    kept = Arrivals.from_document(json.loads(json.dumps(found.to_document())))
    assert kept == found
    with monkeypatch.context() as nothing_is_read:
        nothing_is_read.setattr(type(platform.warehouse), "history", None)
        assert arrivals(platform, rules, kept) is kept
        platform.records.append("fred_series", [snapshot("two")])
        with pytest.raises(TypeError):
            arrivals(platform, rules, kept)
    assert arrivals(platform, {}, Arrivals()) == Arrivals()


def test_a_file_that_cannot_be_read_tells_nobody_and_keeps_what_stands(looked):
    looked(0.9)
    looked.rules.write_text("alerts:\n  likely: {when: probability, above: 2}\n")
    assert len(looked(0.1)[:-1]) == 1
    looked.rules.write_text(RULES)
    assert looked()[-2].startswith("[resolved]")


def test_the_command_lists_what_each_rule_says_and_sends_a_test(looked, told):  # noqa: F811
    looked(0.9)
    code, out, lines = told("alerts", "list", "--json")
    assert code == 0, lines
    [row] = json.loads(out)
    assert (row["rule"], row["holds_now"]) == ("likely", True)
    code, out, _ = told("alerts", "test")
    assert (code, out) == (0, "likely: webhook took it\n")
    assert looked()[-2] == "[warning] likely: a test: nothing happened"
    code, _, [line] = told("alerts", "test", "nothing")
    assert (code, line) == (1, "error: there is no rule nothing; there are likely")


@pytest.mark.slow
def test_a_test_reaches_every_channel_and_names_the_one_that_is_down(looked, told, tmp_path):  # noqa: F811
    with mail_server() as inbox, alertmanager(tmp_path) as url:
        mail = {"SMTP_HOST": "localhost", "SMTP_PORT": str(inbox.port), "SMTP_SECURITY": "none"}
        named = {**mail, "EMAIL_FROM": "cycle@example.org", "EMAIL_TO": "a@example.org", "ALERTMANAGER_URL": url}
        settings = {f"MACRO_CYCLE_NOTIFICATIONS__{name}": value for name, value in named.items()}
        code, out, lines = told("alerts", "test", **settings)
        assert (code, lines) == (0, [])
        assert sorted(out.splitlines()) == [f"likely: {name} took it" for name in ("alertmanager", "email", "webhook")]
        assert inbox.messages[0]["Subject"] == "[warning] likely: a test: nothing happened"
        assert httpx.get(f"{url}/api/v2/alerts?active=true", timeout=PATIENCE).json() == [], (
            "it is taken back where it would stand"
        )
        inbox.refuses = True
        code, out, [line] = told("alerts", "test")
        assert code == 1
        assert line.startswith("error: email: SMTPDataError")
        assert "likely: webhook took it" in out
