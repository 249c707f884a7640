"""What a service of the stack is, whichever it is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Service:
    """One supervised process. `ready_path` is fetched over HTTP until it answers below 500; a `listens_at` is a socket.

    `needs` are patterns of the secret variables that it is given; no other secret is in its environment. `after` names
    the service that answers before this one is started.
    """

    name: str
    command: tuple[str, ...]
    host: str | None = None
    port: int | None = None
    port_setting: str | None = None
    ready_path: str | None = None
    listens_at: Path | None = None
    after: str | None = None
    needs: tuple[str, ...] = ()

    @property
    def address(self) -> str | None:
        """Where people and programs reach it."""
        return f"http://{self.host}:{self.port}" if self.port else None


@dataclass(frozen=True)
class ServiceStatus:
    """What the supervisor and the service itself say."""

    name: str
    state: str
    pid: int | None
    address: str | None
    ready: bool
    log: Path
