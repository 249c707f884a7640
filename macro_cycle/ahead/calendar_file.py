"""The radar as a calendar (RFC 5545) that programs subscribe to or import.

An event's UID is that of its cycle, series and period, for ever. A file that exists is brought up to date: an event
that says the same keeps its SEQUENCE and DTSTAMP, one that says something else counts on, and one that is past stays.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pandas as pd
from icalendar import Calendar, Event

from macro_cycle.ahead.documents import as_usual
from macro_cycle.ahead.radar import Expected, Radar
from macro_cycle.ahead.releases import Release
from macro_cycle.ahead.surprises import Surprise
from macro_cycle.errors import MacroCycleError, printable

PRODUCT = "-//Macro Cycle//Release radar//EN"
COMPARED = ("SUMMARY", "DESCRIPTION", "DTSTART", "STATUS")


def calendar_file(
    radar: Radar, came: Iterable[Surprise], cycle: str, now: datetime, existing: bytes | None = None
) -> bytes:
    """The calendar of the coming releases, those that came, and whatever `existing` holds beside them.

    Raises:
        MacroCycleError: `existing` is no calendar of a radar.
    """
    before = {} if existing is None else _events(existing)
    events = [*(_came(each, cycle) for each in came), *(_coming(each, cycle) for each in radar.expected)]
    made = {str(event["UID"]): _numbered(event, before.get(str(event["UID"])), now) for event in events}
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Macro Cycle {cycle}: releases")
    for event in sorted((before | made).values(), key=lambda event: (event.decoded("DTSTART"), str(event["UID"]))):
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _events(content: bytes) -> dict[str, Event]:
    try:
        calendar = Calendar.from_ical(content)
        ours = str(calendar.get("PRODID")) == PRODUCT
        found = {str(event["UID"]): event for event in calendar.walk("VEVENT") if isinstance(event, Event)}
    except (ValueError, KeyError, AttributeError):
        ours, found = False, {}
    if not ours:
        raise MacroCycleError("the file is no calendar of the release radar; name another one")
    return found


def _numbered(event: Event, before: Event | None, now: datetime) -> Event:
    """The event as it was if it says the same, else with the next SEQUENCE and the present DTSTAMP."""
    if before is not None and all(before.get(name) == event.get(name) for name in COMPARED):
        return before
    event.add("sequence", 0 if before is None else int(before.get("SEQUENCE", 0)) + 1)
    event.add("dtstamp", now.astimezone(UTC))
    return event


def _coming(expected: Expected, cycle: str) -> Event:
    response, flip = expected.response, expected.flip
    spec, release = response.release.spec, response.release
    lines = [
        f"{spec.title}, {release.period}. Day by the catalogue's publication lag, not announced: {release.status}.",
        f"Expected to move the recession probability of {pd.Timestamp(release.periods[-1]):%Y-%m} by "
        f"{100 * expected.size:.2g} points.",
    ]
    if flip.expected is not None:
        lines.append(f"The model expects {as_usual(spec, flip.expected, response.last)} ({spec.units}).")
        if flip.at is None:
            lines.append(f"No print would take it across one half: {flip.lowest:.1%} to {flip.highest:.1%}.")
        else:
            lines.append(f"It crosses one half at {as_usual(spec, flip.at, response.last)}.")
    return _event(release, cycle, release.expected, "TENTATIVE", f"{release.series_id} (expected)", lines)


def _came(surprise: Surprise, cycle: str) -> Event:
    release, spec = surprise.release, surprise.release.spec
    lines = [f"{spec.title}, {release.period}: {surprise.value:,.6g} {spec.units}."]
    if surprise.expected is not None and surprise.deviations is not None:
        lines.append(
            f"Expected {surprise.expected:,.6g}: a surprise of {surprise.deviations:+.1f} standard deviations."
        )
    lines.append(f"It moved the recession probability by {100 * surprise.effect:+.2g} points.")
    return _event(release, cycle, surprise.day, "CONFIRMED", f"{release.series_id}", lines)


def _event(release: Release, cycle: str, day: pd.Timestamp, status: str, summary: str, lines: list[str]) -> Event:
    event = Event()
    event.add("uid", f"{cycle}-{release.series_id}-{release.periods[-1]:%Y-%m-%d}@macro-cycle")
    event.add("summary", printable(summary))
    event.add("description", "\n".join(map(printable, lines)))
    event.add("dtstart", day.date())
    event.add("dtend", day.date() + timedelta(days=1))
    event.add("status", status)
    event.add("transp", "TRANSPARENT")
    return event
