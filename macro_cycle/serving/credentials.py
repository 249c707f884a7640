"""The token of the management calls: a file under home that only the platform's own user can read.

Who may ask for predictions may not change what answers them.
"""

import hmac
import os
import secrets
import uuid
from contextlib import suppress
from pathlib import Path

SCHEME = "Bearer "


class ManagementToken:
    """The token that deployer and server share; whoever needs it first makes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def authorization(self) -> str:
        """Value of the header `authorization` of a management call."""
        return SCHEME + self._read()

    def allows(self, authorization: str) -> bool:
        """Whether a header's value is the token's."""
        return hmac.compare_digest(authorization.encode(), self.authorization().encode())

    def _read(self) -> str:
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            self._make()
            return self._path.read_text("utf-8")

    def _make(self) -> None:
        """Write a token unless another process was first; it is never seen half-written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._path.with_name(f".{uuid.uuid4().hex}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(scratch, self._path)
        scratch.unlink()
