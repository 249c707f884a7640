"""What every command prints is read whole in a terminal of 80 columns: no line beyond it, nothing cut off."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from macro_cycle.ahead import radar
from macro_cycle.cli import ahead, answer, console, services
from macro_cycle.cli.app import app
from macro_cycle.platform.months import as_of_day
from macro_cycle.records import Decision
from macro_cycle.stack import ServiceStatus
from macro_cycle_tests.ahead.conftest import information_set, known, observations, scenario  # noqa: F401
from macro_cycle_tests.assets.graph import CHAIN, materialize, with_the_sample

WIDTH = 80
DAY = "2008-08-31"
COMMANDS = [
    ("series", "UNRATE", "--as-of", DAY),
    ("series", "ICSA"),
    ("revisions", "UNRATE", "--date", "2008-06"),
    ("calendar", "--month", "2008-09"),
    ("calendar",),
    ("flip", "--as-of", "2008-08-15"),
    ("radar", "--as-of", DAY),
    ("what-if", "PAYEMS=-150", "UNRATE=level:6.1", "INDPRO=-0.4%", "--as-of", "2008-08-15"),
    ("news", "--as-of", DAY),
    ("replay", "--as-of", DAY),
    ("decisions",),
    ("train", "--series-ids", "UNRATE", "--as-of", DAY),
    *((name, "--help") for name in [command.name for command in app.registered_commands]),
]


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    for stream in (console.answers, console.errors):
        monkeypatch.setattr(stream, "_width", WIDTH)


def whole(output: str) -> None:
    assert output.strip()
    for line in output.splitlines():
        assert len(line.rstrip()) <= WIDTH, line
        assert "…" not in line, line


@pytest.mark.slow
def test_every_command_is_read_whole(platform, told):
    with_the_sample(platform)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, "2008-07-01", "2008-08-01")
    platform.records.append("champion", decided())
    for command in COMMANDS:
        code, output, _ = told(*command)
        assert code == 0, command
        whole(output)


def decided() -> list[Decision]:
    long = "the endpoint's answer would move by 31 % without any new data, " * 4
    words = [
        (6, "promote", "gate", "every condition holds"),
        (7, "wait", "gate", long),
        (8, "refuse", "person", "mine"),
    ]
    return [
        Decision(
            cycle="us",
            as_of=as_of_day(f"2008-{month:02}-01").date(),
            version=f"{month:012x}",
            made_by="x",
            model_version=f"{month:012x}",
            outcome=outcome,
            by=by,
            reason=reason,
            decided_at=datetime(2008, month, 28, 12, tzinfo=UTC),
        )
        for month, outcome, by, reason in words
    ]


def test_the_status_names_whole_paths(capsys):
    folder = Path("/home/somebody/with a long name/projects/macro_cycle/.macro_cycle/home/logs")
    states = [("dagster-webserver", "starting", 123456), ("model-server", "fatal", None)]
    found = [
        ServiceStatus(name, state, pid, "http://127.0.0.1:3000", pid is not None, folder / f"{name}.log")
        for name, state, pid in states
    ]
    services._show(found, as_json=False)
    *shown, logs = capsys.readouterr().out.splitlines()
    whole("\n".join(shown))
    assert all("http://127.0.0.1:3000" in line for line in shown[1:])
    assert logs == f"what each says: {folder}/SERVICE.log"


def test_the_answer_is_read_whole(capsys):
    band = {"value": 0.1, "low": 0.05, "high": 0.2}
    outlook = {
        "label": "Expansion",
        "recession_probability": band,
        "recession_begins": dict.fromkeys((3, 6, 12), band),
        "months_to_exit": {"value": 61.2, "low": 40.0, "high": 95.0},
    }
    document = {
        "cycle": "us",
        "title": "The US business cycle",
        "as_of": pd.Timestamp("2026-11-30"),
        "reference_month": "2026-07",
        "label": "Expansion",
        "recession_probability": 0.004,
        "probabilities": {"Expansion": 1.0, "Peak": 0.0},
        "phases": {"Expansion": 0.7, "Peak": 0.3, "Contraction": 0.0, "Trough": 0.0},
        "model_version": "0123456789ab",
        "declared_in_words": "expansion, declared on 2020-09-12; recession was declared on 2020-04-20 before that",
        "news": False,
        "months_behind": 4,
        "provenance": None,
        "retrained": False,
        "outlook": outlook,
        "warnings": [],
        "cure": "the bundled sample holds what had been published by 2026-08-31. Set a source and a key.",
        "addresses": {"predictions": "http://127.0.0.1:8080/v1/models/macro-cycle-hmm:predict"},
    }
    answer.show([document])
    output = capsys.readouterr().out
    whole(output)
    lines = [line.strip() for line in output.splitlines()]
    assert any(line.endswith("Contraction 0.0%,") for line in lines), "a figure stands in the line of its name"
    assert "Trough 0.0%" in lines


@pytest.mark.slow
def test_ids_of_any_length_leave_the_figures_whole(scenario, capsys):  # noqa: F811
    seen = radar(scenario)
    for each in seen.expected:
        release = each.response.release
        long = release.spec.model_copy(update={"series_id": "PIM_BENS_INTERMEDIARIOS"})
        object.__setattr__(release, "spec", long)
    ahead.show_flips(seen)
    flips = capsys.readouterr().out
    whole(flips)
    for each in seen.expected:
        if each.flip.expected is not None:
            assert f"{each.flip.lowest:.1%}-{each.flip.highest:.1%}\n" in flips
    ahead.show_radar(seen, [], DAY)
    shown = capsys.readouterr().out
    whole(shown)
    assert all(f"{100 * each.size:.2f}" in shown for each in seen.expected if each.size)


def test_the_shell_completes_commands(told):
    code, output, _ = told(
        _MACRO_CYCLE_COMPLETE="complete_bash", COMP_WORDS="macro-cycle fl", COMP_CWORD="1", _TYPER_COMPLETE_ARGS="fl"
    )
    assert (code, output.split()) == (0, ["flip"])
