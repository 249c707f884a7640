"""The settings as variables, for processes that run in another folder and read no file of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from macro_cycle.platform.settings import PREFIX, Section, Settings

PATHS = ("SOURCE_PATH", "PANEL_PATH")  # text, since they may be URLs


def settings_environment(settings: Settings) -> dict[str, str]:
    """Every setting that is not its default, under its full name; a relative path is made absolute."""
    return {f"{PREFIX}{name}".upper(): _text(name.upper(), value) for name, value in _chosen(settings)}


def _chosen(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, Section):
            for key, inner in type(value).model_fields.items():
                if getattr(value, key) != inner.default:
                    yield f"{name}__{key}", getattr(value, key)
        elif value != field.default:
            yield name, value


def _text(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path) or (name.endswith(PATHS) and "://" not in value):
        return str(Path(value).expanduser().resolve())
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)
