"""The store knows of each value whether its day was published, seen or estimated."""

import pandas as pd
import pytest

from macro_cycle.observations.provenance import Publications


@pytest.fixture
def told(warehouse):
    """Load months of a series on a day, with or without vintages, and say what the newest day rests on."""

    def load(day: str, months: int, *, dated: bool = False, value: float = 1.0) -> dict[str, float]:
        dates = pd.date_range("2020-01-01", periods=months, freq="MS")
        frame = pd.DataFrame({"series_id": "UNRATE", "date": dates, "value": value})
        lagged = dates + pd.offsets.MonthEnd(0) + pd.Timedelta(days=5)
        frame = frame.assign(realtime_start=lagged, estimated=not dated)
        source = "alfred_file" if dated else "fred_postgres"
        looked_at = [] if dated else ["UNRATE"]
        warehouse.ingest(frame, source=source, loaded_at=pd.Timestamp(day), looked_at=looked_at)
        return Publications(warehouse.publications()).provenance([pd.Timestamp(day)])

    return load


def test_the_first_look_is_one_vintage_and_what_comes_between_two_looks_is_seen(told):
    assert told("2020-04-10", 3).in_words.startswith("one vintage")
    second = told("2020-05-10", 4)
    assert (second.one_vintage, second.sightings) == (0.75, 0.25)
    assert second.revised_until == "2020-04-10"
    late = told("2020-11-10", 10)
    assert (late.one_vintage, late.sightings) == (0.9, 0.1)  # half a year went by unseen
    assert late.revised_until == "2020-11-10"


def test_a_revision_that_a_look_saw_is_a_sighting(told):
    told("2020-04-10", 3)
    assert told("2020-05-10", 3, value=2.0).sightings == 1


def test_published_days_are_true_vintages_and_replace_estimates(told):
    assert told("2020-04-10", 3, dated=True).true_vintages == 1


def test_published_days_replace_estimates(told):
    told("2020-04-10", 3)
    assert told("2020-04-11", 3, dated=True).true_vintages == 1
