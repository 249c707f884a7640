"""Committing a published record to the git repository of the user's in which it lies."""

import os
import subprocess
from pathlib import Path

from macro_cycle.errors import MacroCycleError

SECONDS = 30
NOBODY = ("-c", "user.name=macro-cycle", "-c", "user.email=macro-cycle@localhost")


def commit(path: Path, message: str) -> str | None:
    """Commit what the file gained, and nothing else; the commit's id, or None where everything was committed.

    Raises:
        MacroCycleError: the folder is in no repository, or git refuses; the record itself is written by then.
    """
    if not _git(path, "status", "--porcelain", "--", path.name):
        return None
    identity = () if _known(path) else NOBODY
    _git(path, "add", "--", path.name)
    _git(path, *identity, "commit", "--quiet", "--message", message, "--", path.name)
    return _git(path, "rev-parse", "HEAD")


def _known(path: Path) -> bool:
    """Whether git knows who commits."""
    try:
        return bool(_git(path, "var", "GIT_COMMITTER_IDENT") and _git(path, "config", "user.email"))
    except MacroCycleError:
        return False


def _git(path: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(path.parent), *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
            env={**environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MacroCycleError(f"{path.name} was not committed: git {type(error).__name__}; is it installed?") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        hint = "; `git init` there first" if "not a git repository" in done.stderr else ""
        raise MacroCycleError(f"{path.name} was not committed: {said[0] if said else 'git failed'}{hint}")
    return done.stdout.strip()
