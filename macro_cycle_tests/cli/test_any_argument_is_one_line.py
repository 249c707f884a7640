"""Whatever is typed behind any command: an answer, or one line and another exit code, and nothing is written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.cli.app import app
from macro_cycle_tests.assets.graph import with_the_sample
from macro_cycle_tests.cli.lines import refused
from macro_cycle_tests.patience import PATIENCE

texts = st.text(st.characters(blacklist_categories=(), blacklist_characters="\0"), max_size=12)
AWKWARD = [
    "",
    " ",
    "-",
    "--",
    "-1",
    "--json=x",
    "--nosuch",
    "--help=1",
    "[/bold]",
    "[red]x",
    "\x1b[31mx",
    "a\nb",
    "\ud800",
]
NO_DAYS = [
    "%s",
    "{0}",
    "2008",
    "2008-13",
    "2008-02-30",
    "0000-00",
    "9999-12",
    "1e9",
    "nan",
    "2999-01",
    "2008-9",
    "٢٠٠٨-٠٩",
]
typed = st.one_of(texts, st.sampled_from([*AWKWARD, *NO_DAYS, "../..", "/", "."]))
property_test = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

COMMANDS = [command.name for command in app.registered_commands]
LEADS_FAR = {"up", "down", "rehearse", "run", "backup", "restore", "mcp"}  # called rightly, these act or wait
NO_ANSWER = {"status"}  # prints its table and leaves with 1 where nothing runs


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to work in."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def options_of(command: str) -> list[str]:
    made = typer.main.get_command(app).commands[command]
    return [name for parameter in made.params for name in parameter.opts if name.startswith("--")]


def answered_or_refused(outcome) -> None:
    code, _, lines = outcome
    assert not any("Traceback" in line for line in lines)
    if code:
        refused(outcome, code=None)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in LEADS_FAR | NO_ANSWER])
def test_any_arguments_of_a_command_are_answered_or_one_line(told, elsewhere, command):
    @property_test
    @given(
        st.lists(
            st.one_of(typed, st.sampled_from([*options_of(command), "UNRATE", "2008-09", "2008-09-30"])), max_size=5
        )
    )
    def holds(arguments):
        answered_or_refused(told(command, *arguments))

    holds()


@pytest.mark.parametrize("command", sorted(LEADS_FAR))
def test_what_no_command_can_mean_starts_nothing(told, elsewhere, command):
    @property_test
    @given(typed.filter(lambda text: not text.startswith("-")), st.sampled_from([*options_of(command), None]))
    def holds(text, option):
        refused(told(command, *([option] if option else []), text, "--no-such-option"), code=2)

    holds()
    assert list(elsewhere.iterdir()) == []


@property_test
@given(text=typed, other=typed)
def test_any_months_of_a_rehearsal_are_refused_before_anything_starts(told, elsewhere, text, other):
    if re.fullmatch(r"\s*\d{4}-\d{1,2}\s*", text) or re.fullmatch(r"\s*-?\d+\s*", text):
        return
    refused(told("rehearse", f"--from={text}", f"--to={other}"), code=2)
    refused(told("rehearse", f"--year={text}"), code=2)
    refused(told("rehearse", "--year=2008", f"--from={text}"), code=2)


VALUES = [
    ("series", "UNRATE", "--as-of"),
    ("series", "UNRATE", "--last"),
    ("revisions", "UNRATE", "--date"),
    ("calendar", "--month"),
    ("news", "--as-of"),
    ("news", "--as-of=2008-09-30", "--since"),
    ("replay", "--as-of"),
    ("export", "calls", "--out=x.csv", "--as-of"),
    ("backfill", "--from=2008-01", "--to"),
    ("backfill", "--to=2008-01", "--from"),
    ("train", "--as-of"),
]


@pytest.mark.parametrize("command", VALUES, ids=" ".join)
def test_a_value_that_cannot_be_meant_is_wrong_usage(platform, told, elsewhere, command):
    with_the_sample(platform)

    @property_test
    @given(typed.filter(lambda text: not re.search(r"\d", text)))
    def holds(value):
        refused(told(*command[:-1], f"{command[-1]}={value}"), code=2)

    holds()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("command", ["series", "revisions"])
def test_any_series_is_shown_or_said_to_be_unknown_as_typed(platform, told, elsewhere, command):
    with_the_sample(platform)
    more = ["--date=2008-09"] if command == "revisions" else []

    @property_test
    @given(typed.filter(lambda text: not text.startswith("-")))
    def holds(name):
        line = refused(told(command, name, *more))
        assert "has no series" in line or "1 to 64" in line

    holds()


@pytest.mark.parametrize("command", [("export", "calls"), ("report",)], ids=" ".join)
def test_any_file_to_write_is_refused_in_one_line_and_leaves_nothing(told, elsewhere, command):
    @property_test
    @given(typed, st.sampled_from(["", ".csv", ".html", ".parquet", ".csv/x.csv"]))
    def holds(name, suffix):
        outcome = told(*command, f"--out={name}{suffix}")
        if outcome[0]:
            refused(outcome, code=None)

    holds()
    assert all(path.suffix in (".csv", ".parquet") and path.is_file() for path in elsewhere.iterdir())


@pytest.mark.parametrize("command", ["promote", "refuse", "rollback", "retract"])
@property_test
@given(version=typed.filter(lambda text: not text.startswith("-")), reason=typed)
def test_a_decision_is_one_line_where_nothing_runs(told, elsewhere, command, version, reason):
    refused(told(command, version, f"--reason={reason}"), code=None if reason.strip() else 2)


def test_a_command_that_does_not_exist_names_the_help(told):
    assert refused(told("nosuch"), "No such command 'nosuch'", code=2).endswith("see `macro-cycle --help`")


@pytest.mark.parametrize("command", [("series", "UNRATE"), ("decisions",)], ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_line(platform, command):
    with_the_sample(platform)
    program = [sys.executable, "-W", "ignore", "-c", "from macro_cycle.cli import main; main()", *command]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")
