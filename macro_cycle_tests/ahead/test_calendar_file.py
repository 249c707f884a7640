"""The calendar is read by the standard's library, keeps its identities, and counts what changes."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from icalendar import Calendar

from macro_cycle.ahead import radar, surprises
from macro_cycle.ahead.calendar_file import calendar_file
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.sources import known_on
from macro_cycle_tests.ahead.conftest import CATALOG, FEATURES

NOON = datetime(2008, 8, 15, 12, tzinfo=UTC)
LATER = datetime(2008, 8, 17, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def seen(scenario):
    return radar(scenario)


@pytest.fixture(scope="module")
def came(observations, information_set):
    days = pd.date_range("2008-08-15", "2008-08-17")
    sets = [InformationSet(day, known_on(observations, day), information_set.model) for day in days]
    return list(surprises(sets, CATALOG, FEATURES))


def events(content: bytes) -> dict[str, dict]:
    found = Calendar.from_ical(content)
    assert (str(found["VERSION"]), bool(found["PRODID"])) == ("2.0", True)
    return {str(event["UID"]): event for event in found.walk("VEVENT")}


def test_every_coming_release_is_a_whole_day_with_what_is_expected_of_it(seen):
    found = events(calendar_file(seen, [], "us", NOON))
    assert len(found) == len(seen.expected)
    event = found["us-PAYEMS-2008-08-01@macro-cycle"]
    assert event.decoded("DTSTART") == date(2008, 9, 6)
    assert event.decoded("DTEND") == date(2008, 9, 7)
    assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("TENTATIVE", 0)
    assert "not announced" in str(event["DESCRIPTION"])
    assert "crosses one half at" in str(event["DESCRIPTION"])


def test_lines_are_folded_and_end_as_the_standard_says(seen):
    content = calendar_file(seen, [], "us", NOON)
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_the_same_again_changes_nothing(seen):
    first = calendar_file(seen, [], "us", NOON)
    assert calendar_file(seen, [], "us", LATER, first) == first


def test_what_came_counts_its_sequence_on_and_says_what_it_did(seen, came):
    first = calendar_file(seen, [], "us", NOON)
    rest = [each for each in seen.expected if each.response.release.series_id != "INDPRO"]
    later = seen.__class__(**{**vars(seen), "expected": tuple(rest)})
    after = events(calendar_file(later, came, "us", LATER, first))
    event = after["us-INDPRO-2008-07-01@macro-cycle"]
    assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("CONFIRMED", 1)
    assert "standard deviations" in str(event["DESCRIPTION"])
    assert event.decoded("DTSTAMP") == LATER
    assert int(after["us-PAYEMS-2008-08-01@macro-cycle"]["SEQUENCE"]) == 0


def test_what_is_past_stays_in_the_file(seen):
    first = calendar_file(seen, [], "us", NOON)
    nothing = seen.__class__(**{**vars(seen), "expected": ()})
    assert events(calendar_file(nothing, [], "us", LATER, first)).keys() == events(first).keys()


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"BEGIN:VCALENDAR\r\nPRODID:other\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"]
)
def test_another_file_is_not_overwritten(seen, content):
    with pytest.raises(MacroCycleError, match="is no calendar of the release radar"):
        calendar_file(seen, [], "us", NOON, content)
