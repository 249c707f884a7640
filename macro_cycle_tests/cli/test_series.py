"""What is known of a series, since when, and what is due: for people and as JSON; one clear line when it cannot be."""

import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from macro_cycle.cli.app import app
from macro_cycle.errors import MacroCycleError
from macro_cycle_tests.features.histories import monthly


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def store(platform):
    """UNRATE of three months, the second of them revised, and INDPRO of one."""
    vintages = {"2020-03-06": [3.6, 3.5], "2020-04-03": [3.6, 3.4, 4.4]}
    told = [
        monthly("2020-01-01", values).rename_axis("date").rename("value").reset_index().assign(realtime_start=day)
        for day, values in vintages.items()
    ]
    frame = pd.concat(told).assign(series_id="UNRATE", estimated=False)
    frame["realtime_start"] = pd.to_datetime(frame["realtime_start"])
    found = platform.warehouse
    found.ingest(frame, source="test")
    found.ingest(frame.iloc[:1].assign(series_id="INDPRO", value=109.0, estimated=True), source="test")
    return found


def test_a_series_is_shown_as_it_was_known_on_a_day(store):
    answer = json.loads(run("series", "UNRATE", "--as-of", "2020-03-31", "--json"))
    assert [row["value"] for row in answer["values"]] == [3.6, 3.5]
    answer = json.loads(run("series", "UNRATE", "--json"))
    assert [(row["value"], row["revisions"]) for row in answer["values"]] == [(3.6, 0), (3.4, 1), (4.4, 0)]
    shown = run("series", "UNRATE", "--last", "2")
    assert "UNRATE: Unemployment Rate, Percent" in shown
    assert "-0.1" in shown
    assert "2020-01-01" not in shown
    assert "(estimated)" in run("series", "INDPRO")


def test_the_history_of_one_observation_is_shown(store):
    answer = json.loads(run("revisions", "UNRATE", "--date", "2020-02", "--json"))
    assert [(row["known_from"], row["value"]) for row in answer["values"]] == [("2020-03-06", 3.5), ("2020-04-03", 3.4)]
    assert "-0.1" in run("revisions", "UNRATE", "--date", "2020-02-01")


def test_the_calendar_of_a_month_is_shown(store):
    answer = json.loads(run("calendar", "--month", "2020-04", "--json"))
    listed = [(row["series_id"], row["period"], row["status"]) for row in answer["releases"]]
    assert listed == [
        ("INDPRO", "2020-02-01", "late"),
        ("UNRATE", "2020-03-01", "arrived"),
        ("INDPRO", "2020-03-01", "late"),
    ]
    assert "late" in run("calendar")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["series", "NOSUCH"], "the warehouse has no series NOSUCH; it holds INDPRO, UNRATE"),
        (["series", "UNRATE", "--as-of", "1999-12-31"], "nothing of UNRATE was known on 1999-12-31; it begins on"),
        (["series", "UNRATE", "--as-of", "2999-01-01"], "is in the future"),
        (
            ["revisions", "UNRATE", "--date", "2008-04"],
            "UNRATE has no observation of 2008-04; they run from 2020-01-01",
        ),
        (["revisions", "UNRATE", "--date", "2008"], "is not a date"),
        (["calendar", "--month", "2999-01"], "in the future"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_line(store, arguments, said):
    with pytest.raises(MacroCycleError, match=re.escape(said)) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)


def test_an_empty_warehouse_says_how_to_fill_it(platform):
    with pytest.raises(MacroCycleError, match="the warehouse is empty; run `macro-cycle run`"):
        run("series", "UNRATE")
