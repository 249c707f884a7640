"""The folder of a run's temporary files, of its own and gone with it unless a test failed.

PostgreSQL runs as another user where root starts it. Each run of pytest closes the folder that pytest shares among
those of a user to everyone else, so a run that begins would take the databases of those that are under way from
their servers.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PREFIX = "macro-cycle-"
OWN = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Runs before pytest reads the option; a process of xdist has been given its part of its controller's folder."""
    if config.option.basetemp is None:
        config.stash[OWN] = Path(tempfile.mkdtemp(prefix=PREFIX))
        config.option.basetemp = str(config.stash[OWN])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    yield
    if OWN in session.config.stash and not exitstatus:
        shutil.rmtree(session.config.stash[OWN], ignore_errors=True)
