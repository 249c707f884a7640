"""Every command of the README and of docs/ is one that the command line takes: its name, its options, their values."""

import re
import shlex
from typing import Any

import pytest
import typer

from macro_cycle.cli.app import app
from macro_cycle_tests.docs.markdown import ROOT, pages

IN_A_BLOCK = re.compile(r"^(?: {4})?(?:[A-Z_]+=\S+ )*(macro-cycle .+)$", re.MULTILINE)
IN_A_SENTENCE = re.compile(r"`(macro-cycle [^`]+)`")


def found(pattern: re.Pattern[str]) -> list:
    return [
        pytest.param(line, id=f"{page.relative_to(ROOT)}: {line}")
        for page in pages()
        for line in dict.fromkeys(pattern.findall(page.read_text("utf-8")))
    ]


def command_of(line: str) -> tuple[Any, list[str]]:
    """The command that a line names, and the words after its name.

    Raises:
        KeyError: there is no such command.
    """
    command, words = typer.main.get_command(app), shlex.split(line, comments=True)[1:]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    return command, words


def parse(line: str) -> None:
    """Read a line as the command line would, without doing what it says.

    Raises:
        KeyError: there is no such command.
        TyperException: there is no such option, one is missing, or a value is not of its kind.
    """
    command, words = command_of(line)
    command.make_context(line, words)


@pytest.mark.parametrize("line", found(IN_A_BLOCK))
def test_a_command_can_be_typed_as_it_stands(line):
    parse(line)


@pytest.mark.parametrize("line", found(IN_A_SENTENCE))
def test_a_command_that_a_sentence_names_is_there_with_its_options(line):
    command, words = command_of(line.replace("[", " ").replace("]", " "))
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options | {"--help"}


@pytest.mark.parametrize(
    "line", ["macro-cycle backfil", "macro-cycle run --cicle us", "macro-cycle backfill --to 2000-01"]
)
def test_what_cannot_be_typed_is_found(line):
    with pytest.raises((KeyError, typer.TyperException)):
        parse(line)
