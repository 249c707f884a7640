"""The rules fire when they should: promtool's own tests, and that none was forgotten in them."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

SHIPPED = Path(__file__).parents[2] / "macro_cycle" / "monitoring" / "prometheus"
TESTS = Path(__file__).with_name("alerts_test.yml")


def rules() -> list[dict]:
    files = ("rules.yml", "alerts.yml")
    groups = [group for name in files for group in yaml.safe_load((SHIPPED / name).read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("arguments", [("test", "rules", str(TESTS)), ("check", "config", f"{SHIPPED}/prometheus.yml")])
def test_promtool_agrees(arguments):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_fire():
    cases = [case for test in yaml.safe_load(TESTS.read_text())["tests"] for case in test.get("alert_rule_test", [])]
    fired = {case["alertname"] for case in cases if case["exp_alerts"]}
    assert fired == {rule["alert"] for rule in rules() if "alert" in rule}


def test_every_alert_says_what_to_do():
    for rule in rules():
        if "alert" in rule:
            assert set(rule["annotations"]) == {"summary", "action", "runbook"}
            assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_folder_of_old_leads_to_what_is_shipped():
    links = Path(__file__).parents[2] / ".ops" / ".prometheus"
    assert {file.name: file.resolve() for file in links.iterdir()} == {file.name: file for file in SHIPPED.iterdir()}
