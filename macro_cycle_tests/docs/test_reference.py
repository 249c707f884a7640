"""The reference leaves no setting, command or public name out, and none without a word."""

import runpy

import typer

from macro_cycle import declared, features, hmm
from macro_cycle.cli.app import app
from macro_cycle.platform.settings import SHORT_NAMES, Section, Settings
from macro_cycle_tests.docs.markdown import DOCS, ROOT

MADE = {name: made() for name, made in runpy.run_path(str(ROOT / ".ops/.docs/reference.py"))["PAGES"].items()}


def test_every_setting_is_described_and_listed():
    fields = dict(Settings.model_fields)
    for name, field in list(fields.items()):
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            del fields[name]
            fields |= {f"{name}.{key}": inner for key, inner in field.annotation.model_fields.items()}
    page = MADE["reference/settings.md"]
    for name, field in fields.items():
        assert field.description, name
        assert f"`MACRO_CYCLE_{name.upper().replace('.', '__')}`" in page
    assert all(f"`MACRO_CYCLE_{name}`" in page for name in SHORT_NAMES)


def test_every_command_and_option_is_described():
    page = MADE["reference/commands.md"]
    for name, command in typer.main.get_command(app).commands.items():
        assert f"## macro-cycle {name}\n" in page or f"## macro-cycle {name} " in page
        for parameter in getattr(command, "params", []):
            assert all(f"`{option}`" in page for option in parameter.opts if option.startswith("--"))
    assert "|  |\n" not in page, "an option without a word"


def test_the_public_names_of_the_model_are_in_the_reference():
    text = (DOCS / "reference" / "api.md").read_text("utf-8")
    listed = {line.rpartition(".")[2] for line in text.splitlines() if line.startswith(":::")}
    assert set(hmm.__all__) | set(features.__all__) <= listed
    assert {"Rule", "Declaration", "declare"} <= listed & set(declared.__all__)
