"""Feast's real command line, on the platform's repository or on another.

Each command runs in a process of its own, forked from one that has loaded Feast: to load it takes 6 CPU seconds.
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

from macro_cycle.feature_store.placement import Placement
from macro_cycle.stack.services import FEAST_REPO
from macro_cycle_tests.patience import PATIENCE

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["feast.cli.cli", __name__])


def feast(placement: Placement, *arguments: str, succeeds: bool = True) -> str:
    """What `feast` prints on the platform's repository, under the settings that the placement stands for."""
    settings = {"MACRO_CYCLE_DATABASE_URL": placement.url}
    if placement.redis:
        settings["MACRO_CYCLE_FEAST__REDIS"] = placement.redis
    if placement.parquet:
        settings["MACRO_CYCLE_FEAST__PARQUET_PATH"] = str(placement.parquet)
    return feast_in(FEAST_REPO, *arguments, succeeds=succeeds, **settings, **placement.environment())


def feast_in(folder: Path, *arguments: str, succeeds: bool = True, **variables: str) -> str:
    """What `feast` prints in a repository."""
    environment = {**os.environ, "FEAST_USAGE": "False", **variables}
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
        process = processes.Process(target=_run, args=(folder, arguments, environment, output.name))
        process.start()
        process.join(PATIENCE)
        answered = process.exitcode is not None
        process.kill()
        said = output.read()
    assert answered, said
    assert (process.exitcode == 0) is succeeds, said
    return said


def _run(folder: Path, arguments: tuple[str, ...], environment: dict[str, str], output: str) -> None:
    """What the program `feast` does, with what it prints in a file."""
    from feast.cli.cli import cli

    file = os.open(output, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["feast", *arguments]
    cli()
