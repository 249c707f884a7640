"""Watching a source for releases: when to fetch, decided from nothing but the tokens seen at each look.

A release storm is waited out: the token must stay the same from one look to the next, for at most `PATIENCE` looks.
"""

import json
from dataclasses import asdict, dataclass, replace

PATIENCE = 10


@dataclass(frozen=True)
class Watch:
    """What was seen and what was requested so far; kept as the sensor's cursor."""

    requested: str | None = None
    seen: str | None = None
    changes: int = 0
    requests: int = 0

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Watch":
        """The watch as it was kept, or a new one."""
        return cls(**json.loads(cursor)) if cursor else cls()

    @property
    def cursor(self) -> str:
        """What to keep until the next look."""
        return json.dumps(asdict(self))

    @property
    def run_key(self) -> str:
        """Names the request made by this look: a look repeated after a crash makes the same one."""
        return f"{self.requests}:{self.requested}"

    @property
    def token(self) -> str:
        """The source's token upon which the last request was made; empty before the first."""
        return (self.requested or "").partition(":")[2]

    def look(self, month: str, token: str) -> tuple["Watch", bool]:
        """The watch after a look at the source in the open `month`, and whether to fetch now."""
        found = f"{month}:{token}"
        if found == self.requested:
            return replace(self, seen=found, changes=0), False
        if found != self.seen and self.changes < PATIENCE:
            return replace(self, seen=found, changes=self.changes + 1), False
        return Watch(requested=found, seen=found, requests=self.requests + 1), True
