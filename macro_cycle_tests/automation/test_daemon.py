"""The daemon, web server and endpoint for real: news runs the open month once and to its end, nothing else runs.

The news is a storm of twenty releases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import httpx
import pandas as pd
import pytest

from macro_cycle.observations import Catalog
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.settings import Settings
from macro_cycle.sources import open_source
from macro_cycle.sources.sample import Sample
from macro_cycle.stack.daemon import Daemon, MonthRun
from macro_cycle.stack.isolated import PORTS, isolated_stack
from macro_cycle.stack.services import dagster_home
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.monitoring.receivers import Receiver, webhook
from macro_cycle_tests.page.browser import browser, chromium
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.stack.dagster_page import DagsterPage

STORM = 20
FETCH = ("fred_series", "macro_features")
MONTHLY = {"regime_model", "regime_labels", "champion", "feast_materialization", "kserve_deployment"}

pytestmark = pytest.mark.slow


@dataclass
class Live:
    """A running stack whose source is a file that the test writes."""

    settings: Settings
    instance: dg.DagsterInstance
    file: Path
    people: Receiver
    started: datetime

    @property
    def clock(self) -> Clock:
        return Clock.of(self.settings)

    def publish(self, *releases: pd.DataFrame) -> list[MonthRun]:
        """Write the file once for each of the releases, one upon the other, and say what the daemon ran upon them."""
        since = datetime.now(UTC)
        for rows in releases:
            write(self.file, rows)
        return self.runs_until_quiet(since)

    def runs_until_quiet(self, since: datetime) -> list[MonthRun]:
        """What the daemon has run since, once it has nothing left to do."""
        daemon, token = Daemon(self.instance), f"{self.clock.open_month()}:{self.token()}"
        wait_until(lambda: daemon.is_quiet(since, token))
        return daemon.runs(since)

    def token(self) -> str:
        return open_source(self.settings, Catalog.load(), self.clock).last_updated()

    def answer(self) -> dict:
        body = {"instances": [{"as_of": "latest"}]}
        url = f"http://127.0.0.1:{self.settings.kserve.port}/v1/models/macro-cycle-hmm:predict"
        return httpx.post(url, json=body, timeout=PATIENCE).raise_for_status().json()["predictions"][0]


def history() -> pd.DataFrame:
    """The sample in ALFRED's layout."""
    source = Sample(Catalog.load())
    facts = source.observations(source.available())
    return facts.assign(realtime_end="9999-12-31").drop(columns="estimated")


def write(file: Path, rows: pd.DataFrame) -> None:
    scratch = file.with_suffix(".tmp")
    rows.to_csv(scratch, index=False)
    scratch.replace(file)


def revised(rows: pd.DataFrame, today: pd.Timestamp, percent: float) -> pd.DataFrame:
    """Employment and output of the last half year published again today, falling `percent` a month."""
    month = rows["date"].dt.to_period("M").astype("int64")
    fallen = (month - month.max() + 6).clip(lower=0)
    current = rows["series_id"].isin(["PAYEMS", "INDPRO"]) & (fallen > 0)
    again = rows[current].assign(value=rows["value"] * (1 - percent / 100) ** fallen, realtime_start=today)
    yesterday = f"{today - pd.Timedelta(days=1):%Y-%m-%d}"
    ended = rows.assign(realtime_end=rows["realtime_end"].mask(current, yesterday))
    return pd.concat([ended, again], ignore_index=True)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    file, started = folder / "alfred.csv", datetime.now(UTC)
    write(file, history())
    chosen = {"SOURCE": "alfred_file", "SOURCE_PATH": str(file), "DAGSTER__POLL_SECONDS": "1", "CYCLES": "us"}
    chosen |= {name: str(free_port()) for name in PORTS}
    with (
        webhook() as people,
        isolated_stack(folder / "home", NOTIFICATIONS__WEBHOOK_URL=people.url, **chosen) as settings,
        dg.DagsterInstance.from_config(str(dagster_home(settings))) as instance,
    ):
        yield Live(settings, instance, file, people, started)


def test_from_nothing_to_a_served_answer_and_then_only_on_news(live):
    opened = live.runs_until_quiet(live.started)
    assert {asset for run in opened for asset in run.assets} >= {*MONTHLY, *FETCH}
    first = live.answer()

    untouched = live.publish(history())
    assert [run.assets for run in untouched] == [FETCH]

    storm = [revised(history(), live.clock.today(), percent / STORM) for percent in range(1, STORM + 1)]
    news = live.publish(*storm)
    fetch, chain = news
    assert fetch.assets == FETCH
    assert set(chain.assets) >= MONTHLY

    runs = [*opened, *untouched, *news]
    assert {run.status for run in runs} == {"SUCCESS"}
    assert {run.month for run in runs} == {live.clock.open_month()}
    verdict = Daemon(live.instance).metadata("champion", live.clock.open_month())["verdict"].value
    served = live.answer()
    assert verdict in ("promote", "refuse")
    assert (served["model_version"] != first["model_version"]) == (verdict == "promote")

    called = Daemon(live.instance).metadata("regime_labels", live.clock.open_month())["label"].value
    expected = (called != first["label"]) + (verdict == "refuse")
    wait_until(lambda: len(live.people.texts) >= expected)
    told = [line for text in live.people.texts for line in text.splitlines()]
    assert sum(f"the regime changed from {first['label']} to {called}" in line for line in told) == (
        called != first["label"]
    )
    assert sum("was refused, and what served before still does" in line for line in told) == (verdict == "refuse")
    declared = [line for line in told if "declared on" in line]
    assert (len(told) - len(declared), len(declared) <= 1) == (expected, True)


REFUSE = """ops: {us__champion: {config: {decision:
  {by_hand: {outcome: refuse,
    reason: a correction is announced}}}}}"""


@pytest.mark.skipif(chromium() is None, reason="needs Debian's chromium: apt-get install chromium")
def test_the_page_shows_what_a_release_caused_and_a_refusal_there_holds(live, tmp_path):
    """Whatever the gate says of the new model: a person refuses it, and what served before serves, whatever is run."""
    live.runs_until_quiet(live.started)
    before, month = live.answer()["model_version"], live.clock.open_month()
    fetch, chain = live.publish(revised(history(), live.clock.today(), 0.01))
    new = Daemon(live.instance).metadata("champion", month)["model_version"].value
    assert new != before

    with browser(tmp_path / "profile") as tab:
        dagster = DagsterPage(tab, f"http://127.0.0.1:{live.settings.dagster.port}")
        dagster.go("/runs")
        dagster.reads("us_releases", "us_automation", fetch.run_id[:8], chain.run_id[:8])
        dagster.picture("release")

        dagster.go("/assets/us/champion")
        dagster.reads("Which model may serve")
        dagster.press("Materialize…")
        dagster.choose_latest()
        dagster.configure(REFUSE)
        dagster.press("Launch 1 run")
        dagster.launched()
        decision = f"/assets/us/champion?view=partitions&partition={month}"
        dagster.go(decision)
        dagster.reads("a correction is announced", "person")
        dagster.picture("refusal")
        wait_until(lambda: live.answer()["model_version"] == before)

        dagster.go("/locations/macro_cycle/jobs/us_decide")
        dagster.reads("The decision on the open month's model")
        dagster.press("Materialize all…")
        dagster.choose_latest()
        dagster.press("Launch 1 run")
        dagster.launched()
        dagster.go(decision)
        dagster.reads("a correction is announced")
    assert live.answer()["model_version"] == before
