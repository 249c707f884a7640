"""The page "Your own economy" works as it stands: its files are written, its commands run, in its order."""

import shlex
import subprocess
import sys

import pytest
import yaml

from macro_cycle.cycles import library
from macro_cycle.platform.settings import read_settings
from macro_cycle_tests.cli.conftest import told  # noqa: F401
from macro_cycle_tests.docs.markdown import blocks

PAGE = "howto/own-economy.md"
WITH_A_STACK = {"run", "backfill", "evaluate"}


@pytest.fixture
def folder(platform, tmp_path, monkeypatch):
    place = tmp_path / "user"
    place.mkdir()
    (tmp_path / "today").write_text("2026-08-31")
    monkeypatch.setenv("MACRO_CYCLE_TODAY_FILE", str(tmp_path / "today"))
    monkeypatch.chdir(place)
    return place


def follow(folder, told, monkeypatch) -> dict[str, str]:  # noqa: F811
    """Do what the page says but for commands that need a stack; what each command printed."""
    printed = {}
    for block in blocks(PAGE):
        if block.title:
            (folder / block.title).write_text(block.text)
        for line in block.text.splitlines() if block.language == "sh" else []:
            match shlex.split(line):
                case ["mkdir", "-p", name]:
                    (folder / name).mkdir()
                case ["python", script]:
                    subprocess.run([sys.executable, script], check=True)
                case ["export", setting]:
                    monkeypatch.setenv(*setting.split("=", 1))
                case ["macro-cycle", command, *rest] if command not in WITH_A_STACK:
                    if command == "compare":
                        assert told("import", "my-cycles/ea.csv", "--cycle", "ea")[0] == 0  # as `run` would fetch it
                    code, printed[line], errors = told(command, *rest)
                    assert code == 0, (line, errors)
                case ["macro-cycle", *_]:
                    pass
                case other:
                    pytest.fail(f"the page has a command that nobody tries: {other}")
    return printed


def test_whoever_follows_the_page_has_an_economy_that_is_dated(folder, told, monkeypatch):  # noqa: F811
    printed = follow(folder, told, monkeypatch)
    (begun,) = (text for line, text in printed.items() if "cycles new" in line)
    assert "wrote my-cycles/ea.yaml" in begun
    assert printed["macro-cycle cycles check"] == "ea: in order\n"
    (compared,) = (text for line, text in printed.items() if "compare" in line)
    rows = [line for line in compared.splitlines() if "discount" in line]
    assert len(rows) == 2
    assert all("2 of 2" in row for row in rows)
    assert library(read_settings())["ea"].economy == "EA"


def test_the_page_edits_what_the_command_begins(folder, told, monkeypatch):  # noqa: F811
    """Nobody has to invent a key: the edited file has those of the one that was begun."""
    (command,) = (line for block in blocks(PAGE) for line in block.text.splitlines() if "cycles new" in line)
    assert told(*shlex.split(command)[1:])[0] == 0
    begun = yaml.safe_load((folder / "my-cycles" / "ea.yaml").read_text())
    (edited,) = (yaml.safe_load(block.text) for block in blocks(PAGE) if block.title.endswith("ea.yaml"))
    assert set(edited) - set(begun) == {"source"}
    assert set(begun) <= set(edited)
