"""What a fetch leaves in the store, and what it shows of the month."""

import dagster as dg
import pandas as pd
import pytest

from macro_cycle_tests.assets.graph import materialize
from macro_cycle_tests.warehouse.histories import frame

pytestmark = pytest.mark.slow

MONTH = "2026-10-01"
MARCH, APRIL = pd.Timestamp("2020-03-01"), pd.Timestamp("2020-04-01")
PUBLISHED = [
    ("UNRATE", MARCH, pd.Timestamp("2020-04-03"), 4.4),
    ("UNRATE", APRIL, pd.Timestamp("2020-05-08"), 14.7),
    ("UNRATE", APRIL, pd.Timestamp("2026-10-02"), 14.9),
]


def fetched() -> dg.AssetMaterialization:
    with dg.DagsterInstance.ephemeral() as instance:
        (event,) = materialize(instance, ["fred_series"], MONTH).asset_materializations_for_node("us__fred_series")
    return event


def april(platform, day: str) -> float:
    known = platform.warehouse.as_of(pd.Timestamp(day), ["UNRATE"])
    return known.loc[known["date"] == APRIL, "value"].item()


def test_the_sample_adds_to_a_store_of_vintages_and_revises_nothing(platform):
    platform.warehouse.ingest(frame(PUBLISHED), source="test")
    fetched()
    assert [april(platform, "2020-05-31"), april(platform, "2026-10-31")] == [14.7, 14.9]
    assert len(platform.warehouse.as_of(pd.Timestamp("2026-10-31"), ["UNRATE", "PAYEMS"])) > 1600


def test_vintages_take_the_place_of_what_the_sample_estimated(platform):
    fetched()
    assert april(platform, "2020-05-07") == 14.8
    platform.warehouse.ingest(frame(PUBLISHED), source="test")
    known = platform.warehouse.as_of(pd.Timestamp("2020-05-07"), ["UNRATE"])
    assert APRIL not in known["date"].to_numpy()
    assert [april(platform, "2020-05-08"), april(platform, "2026-10-31")] == [14.7, 14.9]


def test_the_month_shows_its_calendar_and_what_was_revised(platform):
    platform.warehouse.ingest(frame(PUBLISHED), source="test")
    metadata = fetched().metadata
    assert any("late" in row.data["status"] for row in metadata["releases"].records)
    newest = {row.data["series"]: row.data for row in metadata["newest_values"].records}
    unemployment = newest[f"{platform.catalog.spec('UNRATE').title} (UNRATE)"]
    assert unemployment["newest value"].endswith(platform.catalog.spec("UNRATE").units)
    assert int(unemployment["days since release"]) >= 0
    assert metadata["chart_of_revised_values"].value.startswith("![chart](data:image/png;base64,")
