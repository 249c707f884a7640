"""Each notice reaches each channel once; a storm is folded; a channel that fails gets it later; no address shows."""

import logging
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from macro_cycle.monitoring.notifications import (
    ALERT_NAMES,
    FOLD_ABOVE,
    SEVERITIES,
    Alertmanager,
    Delivered,
    Notice,
    Webhook,
    channels,
    deliver,
    fold,
)
from macro_cycle.platform.settings import NotificationSettings
from macro_cycle_tests.monitoring.receivers import SECRET, alertmanager, webhook
from macro_cycle_tests.patience import PATIENCE

RULES = Path(__file__).parents[2] / ".ops" / ".prometheus" / "alerts.yml"


def notice(number: int, kind="failed_run") -> Notice:
    return Notice(kind, f"{kind}:{number}", f"step {number} failed", {"month": "2026-11"})


@pytest.fixture
def receiver():
    with webhook() as found:
        yield found


def test_a_notice_is_sent_once(receiver):
    delivered = Delivered()
    for _ in range(3):
        delivered, failures = deliver(
            [notice(1)], Delivered.from_document(delivered.to_document()), [Webhook(SecretStr(receiver.url))]
        )
        assert failures == []
    assert receiver.texts == ["[critical] step 1 failed"]


def test_a_storm_is_one_line(receiver):
    deliver([notice(n) for n in range(40)], Delivered(), [Webhook(SecretStr(receiver.url))])
    assert receiver.texts == ["[critical] step 0 failed (and 39 more of this kind at the same time)"]


@given(st.lists(st.sampled_from(list(SEVERITIES)), max_size=30))
def test_folding_loses_no_kind_and_leaves_few_lines(kinds):
    folded = fold([notice(n, kind) for n, kind in enumerate(kinds)])
    assert {each.kind for each in folded} == set(kinds)
    assert len(folded) <= FOLD_ABOVE * len(set(kinds))


def test_a_channel_that_fails_is_told_later_and_the_other_only_once(receiver):
    with webhook() as other:
        first, second = Webhook(SecretStr(receiver.url)), Webhook(SecretStr(other.url))
        second.name = "other"
        other.status = 503
        delivered, failures = deliver([notice(1)], Delivered(), [first, second])
        assert failures == ["other: HTTP 503; check its address in the settings"]
        other.status = 200
        delivered, failures = deliver([notice(1)], delivered, [first, second])
        assert failures == []
        assert len(receiver.bodies) == len(other.bodies) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/services/{}", "nonsense/{}", "http://[bad/{}"])
def test_an_address_never_shows(url, caplog):
    caplog.set_level(logging.DEBUG)
    secret = NotificationSettings(webhook_url=url.format(SECRET))
    _, failures = deliver([notice(1)], Delivered(), channels(secret))
    assert len(failures) == 1
    assert SECRET not in failures[0] + caplog.text + repr(secret)


def test_a_delivery_does_not_log_the_address(receiver, caplog):
    caplog.set_level(logging.DEBUG)
    deliver([notice(1)], Delivered(), [Webhook(SecretStr(receiver.url))])
    assert len(receiver.bodies) == 1
    assert SECRET not in caplog.text


@pytest.mark.slow
def test_alertmanager_shows_each_kind_under_its_name(tmp_path):
    with alertmanager(tmp_path) as url:
        notices = [notice(1, kind) for kind in SEVERITIES]
        _, failures = deliver(notices, Delivered(), [Alertmanager(SecretStr(url))])
        assert failures == []
        alerts = httpx.get(f"{url}/api/v2/alerts", timeout=PATIENCE).raise_for_status().json()
    assert {alert["labels"]["alertname"] for alert in alerts} == set(ALERT_NAMES.values())
    assert all(alert["annotations"]["summary"] == "step 1 failed" for alert in alerts)


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("promtool", ["check", "rules", str(RULES)]),
        ("amtool", ["check-config", str(RULES.with_name("alertmanager.yml"))]),
    ],
)
def test_the_rules_and_routes_are_valid(program, arguments):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian: prometheus, prometheus-alertmanager)")
    checked = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
