"""Where the stack's own sockets lie, and whether anybody listens at one."""

import hashlib
import socket
import tempfile
from pathlib import Path


def socket_path(home: Path, service: str = "") -> Path:
    """A short path for the socket of a home's supervisor, or of a service.

    A socket's path may not be longer than about a hundred characters, whatever `home` is.
    """
    name = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"macro-cycle-{name}{service and f'-{service}'}.sock"


def is_listened_at(address: str | tuple[str, int]) -> bool:
    """Whether a connection is taken at a socket's path, or at a host and port."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as probe:
        probe.settimeout(2)
        return probe.connect_ex(address) == 0
