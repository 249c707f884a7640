"""Sensors, scrapes and the page read what is recorded: where every fit fails they say the same."""

import dagster as dg
import pandas as pd
import pytest

from macro_cycle.automation.sensors import alerts, notifications
from macro_cycle.features import build_panel
from macro_cycle.monitoring.exporter import Exporter
from macro_cycle.monitoring.wiring import collectors
from macro_cycle.page.reading import contents
from macro_cycle.records import Answer, Snapshot
from macro_cycle.resources.platform import Platform
from macro_cycle.training.train import rebuilt
from macro_cycle.warehouse.regimes import Call
from macro_cycle_tests.assets.graph import with_the_sample
from macro_cycle_tests.automation.modelled import no_fits, with_a_model

TODAY = pd.Timestamp("2008-08-20")
END = pd.Timestamp("2008-07-31")
RULES = "alerts:\n  jobs: {when: surprise, series: UNRATE, beyond: 0.001}\n"


@pytest.fixture
def recorded(platform, tmp_path, monkeypatch) -> Platform:
    """The sample, and the answer of a month end with its model, on a day of the month after."""
    (tmp_path / "today").write_text(str(TODAY.date()))
    (tmp_path / "alerts.yaml").write_text(RULES)
    monkeypatch.setenv("MACRO_CYCLE_TODAY_FILE", str(tmp_path / "today"))
    monkeypatch.setenv("MACRO_CYCLE_ALERTS__PATH", str(tmp_path / "alerts.yaml"))
    monkeypatch.setenv("MACRO_CYCLE_NOTIFICATIONS__WEBHOOK_URL", "http://127.0.0.1:9/")
    with_the_sample(platform)
    stored = with_a_model(platform, "2008-07-01")
    known = platform.warehouse.as_of(END, platform.features.series_ids)
    panel = build_panel(known, platform.catalog, platform.features)
    regimes = rebuilt(stored).regimes(panel)
    call = Call.newest_of(regimes, END.date(), stored.model_version, "d")
    platform.regimes.save(regimes, call)
    snapshot = Snapshot(
        cycle="us", as_of=END.date(), version="s", made_by="1", series=10, rows=1,
        newest_reference_date=END.date(), newest_release=END.date(),
    )  # fmt: skip
    platform.records.append("fred_series", [snapshot])
    platform.records.append("regime_labels", [_answered(call, stored.input_version)])
    return Platform.from_environment()


def _answered(call: Call, panel_version: str) -> Answer:
    said = {name: value for name, value in vars(call).items() if name != "data_version"}
    return Answer(
        cycle="us", version=call.data_version, made_by="1", panel_version=panel_version, newest={}, news=True, **said
    )


def test_no_tick_scrape_or_page_fits_a_model(recorded, monkeypatch):
    no_fits(monkeypatch)
    monkeypatch.setattr(type(recorded.clock), "rehearsed", False)
    with dg.DagsterInstance.ephemeral() as instance:
        said = alerts(recorded)(dg.build_sensor_context(instance=instance)).skip_reason.skip_message
        notifications(recorded)(dg.build_sensor_context(instance=instance))
    assert said.startswith("jobs firing"), said
    shown = contents(recorded)
    assert shown.newest.model_version
    assert len(shown.flips) > 5
    assert {family.name for family in Exporter(collectors(recorded.settings)).collect()}
