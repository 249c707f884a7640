"""Where the stack's own sockets lie, and whether anybody listens at one."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

CODE_SOCKET, CODE_HOST, CODE_PORT = (f"DAGSTER_CODE_SERVER_{name}" for name in ("SOCKET", "HOST", "PORT"))
CONNECT_SECONDS = 2

Address = str | tuple[str, int]
"""A socket's path, or a host and a port."""


def socket_path(home: Path, service: str = "") -> Path:
    """A short path for the socket of a home's supervisor, or of a service.

    A socket's path may not be longer than about a hundred characters, whatever `home` is.
    """
    name = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"macro-cycle-{name}{service and f'-{service}'}.sock"


def code_server() -> Address | None:
    """Where Dagster's code server listens, as the environment says it to Dagster; None where it does not."""
    if path := os.environ.get(CODE_SOCKET):
        return path
    port = os.environ.get(CODE_PORT)
    return (os.environ.get(CODE_HOST, "127.0.0.1"), int(port)) if port else None


def is_listened_at(address: Address) -> bool:
    """Whether a connection is taken there."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as probe:
        probe.settimeout(CONNECT_SECONDS)
        return probe.connect_ex(address) == 0
