"""The settings that the running stack was started with, kept beside it so that nobody answers from others unawares.

Secrets are kept as a keyed hash: enough to see that one has changed, and nothing else.
"""

import hashlib
import hmac
import json
import os
import secrets
from typing import Any

from pydantic import SecretStr

from macro_cycle.platform.files import write_whole
from macro_cycle.platform.settings import Section, Settings

FILE, KEY = "settings.json", "settings.key"


def keep(settings: Settings) -> None:
    """Keep the settings that the stack is started with."""
    path = settings.home / FILE
    settings.home.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(_flat(settings), indent=1, sort_keys=True).encode(), mode=0o600)


def differences(settings: Settings) -> list[str]:
    """Each setting that differs from those of the stack of this home, as `name: theirs there, ours here`.

    Empty where no stack was started in this home.
    """
    path = settings.home / FILE
    if not path.exists():
        return []
    theirs, ours = json.loads(path.read_text("utf-8")), _flat(settings)
    names = sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
    return [_told_apart(name, theirs.get(name), ours.get(name)) for name in names]


def _told_apart(name: str, theirs: Any, ours: Any) -> str:
    if str(theirs).startswith("secret ") or str(ours).startswith("secret "):
        return f"{name} differs"
    return f"{name} is {theirs} there and {ours} here"


def _flat(settings: Settings) -> dict[str, Any]:
    """Setting by dotted name, as JSON holds it."""
    flat: dict[str, Any] = {}
    for name, value in settings:
        inner = {f"{name}.{key}": found for key, found in value} if isinstance(value, Section) else {name: value}
        flat |= inner
    return {name: _plain(settings, value, name) for name, value in flat.items()}


def _plain(settings: Settings, value: Any, name: str) -> Any:
    if isinstance(value, SecretStr):
        return _hashed(settings, value.get_secret_value())
    if value is not None and name in ("data.source_path", "mlflow.tracking_uri"):  # either may hold a password
        return _hashed(settings, str(value)) if "://" in str(value) else str(value)
    return value if isinstance(value, int | float | bool | None) else str(value)


def _hashed(settings: Settings, secret: str) -> str:
    path = settings.home / KEY
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return f"secret {hmac.new(path.read_bytes(), secret.encode(), hashlib.sha256).hexdigest()[:16]}"
