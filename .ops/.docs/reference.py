"""mkdocs' hook that adds the pages of settings and commands, made from the settings and the command line themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from macro_cycle.cli.app import app
from macro_cycle.platform.settings import PREFIX, SHORT_NAMES, Section, Settings


def settings_page() -> str:
    """Every setting by section: its name in the environment, default, allowed values and meaning."""
    own = {name: field for name, field in Settings.model_fields.items() if not _is_section(field.annotation)}
    lines = [
        "# Settings",
        "",
        "Each is read from the environment, then `.env`, then `config.yaml` (in the section of its heading).",
        "An unknown one is an error.",
        "",
        *_table("Without a section", "", own),
    ]
    for name, field in Settings.model_fields.items():
        if _is_section(field.annotation):
            section: Any = field.annotation
            lines += _table(f"`{name}`: {_sentence(section)}", f"{name.upper()}__", section.model_fields)
    return "\n".join(lines).rstrip() + "\n"


def commands_page() -> str:
    """Every command with its arguments and options."""
    lines = ["# Commands", "", "`macro-cycle COMMAND --help` says the same.", ""]
    for name, command in _commands(typer.main.get_command(app)):
        lines += [f"## {name}", "", _plain(command.help), ""]
        rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
        lines += ["| | default | |", "|---|---|---|", *rows, ""] if rows else []
    return "\n".join(lines).rstrip() + "\n"


PAGES = {"reference/settings.md": settings_page, "reference/commands.md": commands_page}


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _sentence(model: type[BaseModel]) -> str:
    text = (model.__doc__ or "").split("\n\n")[0].strip().rstrip(".")
    return text[:1].lower() + text[1:]


def _table(title: str, prefix: str, fields: dict[str, FieldInfo]) -> list[str]:
    rows = [
        f"| {_names(prefix, key)} | {_default(field)} | {_values(field.annotation)} | {field.description or ''} |"
        for key, field in fields.items()
    ]
    return [f"## {title}", "", "| setting | default | values | meaning |", "|---|---|---|---|", *rows, ""]


def _names(prefix: str, key: str) -> str:
    section = prefix.removesuffix("__").lower()
    short = [f"`{PREFIX}{name}`" for name, place in SHORT_NAMES.items() if place == (section, key)]
    return "<br>".join([*short, f"`{PREFIX}{prefix}{key.upper()}`"])


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "" if value in (None, "", (), {}) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _values(annotation: Any) -> str:
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{kind}`" for kind in kinds)
    if len(kinds) == 1 and get_origin(kinds[0]) is Literal:
        return _values(kinds[0])
    words = {int: "whole number", float: "number", bool: "true, false", Path: "path"}
    return words.get(kinds[0], "") if len(kinds) == 1 else ""


def _commands(command: Any, name: str = "macro-cycle") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for key in sorted(inner):
        yield from _commands(inner[key], f"{name} {key}")


def _row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        names = f"`{(parameter.metavar or parameter.name).upper()}`"
    required = "required" if parameter.required else ""
    default = parameter.default if isinstance(parameter.default, int | float | str) else None
    shown = required or ("" if default in (None, "", False, True) else f"`{default}`")
    return f"| {names} | {shown} | {_plain(parameter.help).replace('|', chr(92) + '|')} |"


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those of docs/."""
    for name, made in PAGES.items():
        files.append(File.generated(config, name, content=made()))
    return files
