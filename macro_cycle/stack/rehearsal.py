"""Living through past months on a stack of its own: each release as the daemon would have met it on its day.

The platform's day is the one in `today_file`: the source shows what had been published by then, and the month that
was open is open. Clock, daemon, web server, registry and endpoint are real.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pandas as pd

from macro_cycle.cycles import CycleDefinition
from macro_cycle.cycles.naming import endpoint_of, settings_of
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.addresses import CODE_SERVER, DAEMON
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.files import write_whole
from macro_cycle.platform.settings import Settings
from macro_cycle.sources import Source, open_source
from macro_cycle.stack.daemon import Daemon, MonthRun
from macro_cycle.stack.lifecycle import restart

if TYPE_CHECKING:
    from dagster import DagsterInstance

DAY_SECONDS = 900.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Step:
    """What a release led to. `verdict` is None where nothing was judged, `answer` where nothing serves yet."""

    day: pd.Timestamp
    series: tuple[str, ...]
    runs: tuple[MonthRun, ...]
    verdict: str | None
    reasons: str | None
    answer: dict[str, Any] | None
    seconds: float

    @property
    def ran(self) -> list[str]:
        """The assets that ran, in the order of their runs."""
        return list(dict.fromkeys(asset for run in self.runs for asset in run.assets))


def releases(
    settings: Settings, definition: CycleDefinition, first: pd.Timestamp, last: pd.Timestamp
) -> dict[pd.Timestamp, tuple[str, ...]]:
    """The days from `first` to `last` on which the source published something, with the series of each."""
    catalog, source = definition.catalog(settings.data.catalog_path), _source(settings, definition)
    published = source.observations([series_id for series_id in source.available() if series_id in catalog])
    within = published[published["realtime_start"].between(first, last)]
    by_day = within.groupby("realtime_start")["series_id"].unique()
    return {pd.Timestamp(str(day)): tuple(sorted(series)) for day, series in by_day.items()}


def set_day(today_file: Path, day: pd.Timestamp) -> None:
    """Make `day` the platform's today, at once for all its processes."""
    write_whole(today_file, f"{day:%Y-%m-%d}\n".encode())


def live_through(
    settings: Settings,
    definition: CycleDefinition,
    instance: "DagsterInstance",
    days: dict[pd.Timestamp, tuple[str, ...]],
) -> Iterator[Step]:
    """Each day in turn, once the daemon has nothing left to do upon its releases.

    A month is opened by restarting the code server, because Dagster reads the months when it loads the definitions, and
    the daemon, so that it knows of them at once.

    Raises:
        MacroCycleError: the daemon does not come to rest within a quarter of an hour.
    """
    assert settings.today_file is not None
    clock = Clock.of(settings)
    month = clock.open_month()
    for day, series in days.items():
        began, since = time.monotonic(), datetime.now(UTC)
        set_day(settings.today_file, day)
        if clock.open_month() != month:
            month = clock.open_month()
            restart(settings, CODE_SERVER, DAEMON)
        runs = until_quiet(settings, definition, instance, since)
        yield _step(settings, definition, instance, day, series, runs, time.monotonic() - began)


def until_quiet(
    settings: Settings, definition: CycleDefinition, instance: "DagsterInstance", since: datetime
) -> list[MonthRun]:
    """What the daemon has run since, once it has nothing left to do upon what the source shows today."""
    daemon, deadline = Daemon(instance, definition.code), time.monotonic() + DAY_SECONDS
    clock = Clock.of(settings)
    token = _source(settings, definition).last_updated()
    while not daemon.is_quiet(since, f"{clock.open_month()}:{token}"):
        if time.monotonic() > deadline:
            raise MacroCycleError(f"the daemon does not come to rest; see {settings.home}/logs/dagster-daemon.log")
        time.sleep(LOOK_SECONDS)
    return daemon.runs(since)


def _source(settings: Settings, definition: CycleDefinition) -> Source:
    own = settings_of(settings, definition)
    return open_source(own, definition.catalog(own.data.catalog_path), Clock.of(own))


def _step(
    settings: Settings,
    definition: CycleDefinition,
    instance: "DagsterInstance",
    day: pd.Timestamp,
    series: Sequence[str],
    runs: Sequence[MonthRun],
    seconds: float,
) -> Step:
    judged = any("champion" in run.assets for run in runs)
    month = Clock.of(settings).open_month()
    metadata = Daemon(instance, definition.code).metadata("champion", month) if judged else {}
    verdict, reasons = (str(metadata[name].value) if name in metadata else None for name in ("verdict", "reasons"))
    return Step(day, tuple(series), tuple(runs), verdict, reasons, served(settings, definition), seconds)


def served(settings: Settings, definition: CycleDefinition) -> dict[str, Any] | None:
    """What the endpoint answers for the newest month, or None while nothing serves."""
    kserve = settings.kserve
    url = f"http://{kserve.host}:{kserve.port}/v1/models/{endpoint_of(settings, definition)}:predict"
    response = httpx.post(url, json={"instances": [{"as_of": "latest"}]}, timeout=30)
    return response.json()["predictions"][0] if response.is_success else None
