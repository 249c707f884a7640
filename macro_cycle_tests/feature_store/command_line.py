"""Feast's real command line, on the platform's repository or on another."""

import os
import subprocess
import sys
from pathlib import Path

from macro_cycle.feature_store.placement import Placement
from macro_cycle.stack.services import FEAST_REPO

ROOT = Path(__file__).resolve().parents[2]
FEAST = Path(sys.executable).parent / "feast"


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
    answer = subprocess.run(
        [str(FEAST), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FEAST_USAGE": "False", **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = answer.stdout + answer.stderr
    assert (answer.returncode == 0) is succeeds, said
    return said
